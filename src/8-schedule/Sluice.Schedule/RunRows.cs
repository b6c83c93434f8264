using Microsoft.Data.Sqlite;

namespace Sluice.Schedule;

/// <summary>Rows of the run store as records.</summary>
internal static class RunRows
{
    public static DagRun? One(SqliteConnection connection, string where, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        Many(connection, where, parameters) is [var run, ..] ? run : null;

    public static IReadOnlyList<DagRun> Many(SqliteConnection connection, string where, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"""
            SELECT id, dag, logical_date, interval_start, interval_end, trigger, state, created_at, started_at, ended_at
            FROM run WHERE {where}
            """;
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        var runs = new List<DagRun>();
        using (var row = command.ExecuteReader())
        {
            while (row.Read())
                runs.Add(Run(row));
        }
        return [.. runs.Select(run => run with { Tasks = Tasks(connection, run.Id) })];
    }

    public static IReadOnlyList<TaskInstance> Tasks(SqliteConnection connection, long runId)
    {
        using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT task, state, try_number, failures, interruptions, started_at, ended_at, next_try_at, owner, fence, error, output
            FROM task WHERE run_id = $run ORDER BY ordinal, task
            """;
        command.Parameters.AddWithValue("$run", runId);
        using var row = command.ExecuteReader();
        var tasks = new List<TaskInstance>();
        while (row.Read())
            tasks.Add(Task(row));
        return tasks;
    }

    public static DateTimeOffset? Instant(SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));

    private static DagRun Run(SqliteDataReader row) => new(
        row.GetInt64(0),
        row.GetString(1),
        Instant(row, 2)!.Value,
        new DataInterval(Instant(row, 3)!.Value, Instant(row, 4)!.Value),
        StateText.ParseTrigger(row.GetString(5)),
        StateText.ParseRun(row.GetString(6)),
        Instant(row, 7)!.Value,
        Instant(row, 8),
        Instant(row, 9),
        []);

    private static TaskInstance Task(SqliteDataReader row) => new(
        row.GetString(0),
        StateText.ParseTask(row.GetString(1)),
        row.GetInt32(2),
        row.GetInt32(3),
        row.GetInt32(4),
        Instant(row, 5),
        Instant(row, 6),
        Instant(row, 7),
        row.IsDBNull(8) ? null : row.GetString(8),
        row.GetInt64(9),
        row.IsDBNull(10) ? null : row.GetString(10),
        row.IsDBNull(11) ? null : row.GetString(11));
}

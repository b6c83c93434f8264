using Microsoft.Data.Sqlite;

namespace Sluice.Schedule;

/// <summary>Reads the runs without taking the schedule over, also while another process works on it.</summary>
public static class RunHistory
{
    /// <summary>The latest runs, newest first; none when there is no file yet.</summary>
    /// <param name="path">The file of the run store.</param>
    /// <param name="dag">Only runs of this DAG; null for all.</param>
    /// <param name="limit">At most so many runs.</param>
    /// <exception cref="ScheduleException">A newer version of Sluice wrote the file.</exception>
    public static IReadOnlyList<DagRun> Read(string path, string? dag, int limit)
    {
        if (!File.Exists(path))
            return [];
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWrite,
            Pooling = false,
        }.ToString());
        connection.Open();
        if (RunStore.CheckVersion(connection, path) == 0)
            return [];
        using var snapshot = connection.BeginTransaction(deferred: true);
        return RunRows.Many(
            connection, "$dag IS NULL OR dag = $dag ORDER BY created_at DESC, id DESC LIMIT $limit", ("$dag", dag), ("$limit", limit));
    }
}

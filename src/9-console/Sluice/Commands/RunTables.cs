using System.Globalization;
using Sluice.Console.Node;
using Sluice.Schedule;
using Spectre.Console;

namespace Sluice.Console.Commands;

/// <summary>Runs of the schedule as tables.</summary>
internal static class RunTables
{
    /// <summary>The tasks of one run.</summary>
    public static Table Tasks(DagRun run)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("task", "state", "try", "seconds", "rows", "result");
        foreach (var column in table.Columns.Skip(2).Take(3)) column.RightAligned();
        foreach (var task in run.Tasks)
        {
            var output = TaskOutput.Of(task);
            table.AddRow(
                new Text(task.Task), new Text(task.State.ToText()), new Text(Number(task.TryNumber)), new Text(Seconds(task.Duration)),
                new Text(output is null ? "" : $"{output.Rows:N0}"), new Text(task.Error ?? output?.What ?? ""));
        }

        return table;
    }

    /// <summary>Several runs, a line each.</summary>
    public static Table Runs(IReadOnlyList<DagRun> runs)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("run", "dag", "date", "trigger", "state", "seconds", "tasks");
        foreach (var run in runs)
        {
            var done = run.Tasks.Count(t => t.State == TaskState.Success);
            table.AddRow(
                new Text(Number(run.Id)), new Text(run.Dag), new Text(run.LogicalDate.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
                new Text(run.Trigger.ToText()), new Text(run.State.ToText()), new Text(Seconds(run.Duration)), new Text($"{done}/{run.Tasks.Count}"));
        }

        return table;
    }

    private static string Seconds(TimeSpan? duration) => duration?.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture) ?? "";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}

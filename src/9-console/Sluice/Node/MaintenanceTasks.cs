using System.Text.Json;
using Sluice.Definition;
using Sluice.Schedule;
using Sluice.Tables;

namespace Sluice.Console.Node;

/// <summary>What the tasks of the maintenance DAG do: one table each, in no order.</summary>
internal sealed class MaintenanceTasks(SluiceNode node)
{
    private const string Prefix = "maintain.";

    /// <summary>Null when the pipeline declares no maintenance.</summary>
    public static DagSpec? DagOf(PipelineDefinition pipeline) => pipeline.Maintenance is not { Tables.Count: > 0 } maintenance ? null : new DagSpec
    {
        Name = maintenance.Dag,
        Schedule = maintenance.Cron,
        TimeZone = maintenance.TimeZone,
        Tasks = [.. maintenance.Tables.Select(care => new TaskSpec(Prefix + care.Table, []))],
    };

    public async Task<TaskResult> ExecuteAsync(TaskRun run, CancellationToken cancel)
    {
        var care = node.Pipeline.Maintenance!.Tables.Single(table => Prefix + table.Table == run.Task);
        var parts = care.Table.Split('.', 2);
        if (await node.Tables.OpenAsync(new TableName(parts[0], parts[1]), cancel) is not { } table)
            return TaskResult.Skip($"There is no table {care.Table} yet.");
        var options = new MaintenanceOptions
        {
            Compact = care.Compact, ZOrderBy = care.ZOrderBy, Vacuum = care.Vacuum, Retention = care.Retention, CleanLog = care.CleanLog,
        };
        try
        {
            var done = await node.Maintenance.RunAsync(table, options, cancel);
            return TaskResult.Success(JsonSerializer.Serialize(new TaskOutput((await table.SnapshotAsync(cancel)).RowCount ?? 0, Text(done))));
        }
        catch (Exception fault) when (fault is TableSchemaException or TableUnsupportedException)
        {
            // What the pipeline asks for does not fit the table, and will not at the next try.
            return TaskResult.Failure(fault.Message, retry: false);
        }
    }

    private static string Text(MaintenanceReport done) => string.Join(", ", (string[])
    [
        .. Part(done.FilesMerged, $"merged {done.FilesMerged:N0} files into {done.FilesMade:N0}"),
        .. Part(done.FilesOrdered, $"ordered {done.FilesOrdered:N0} files into {done.FilesInOrder:N0}"),
        .. Part(done.FilesDeleted, $"deleted {done.FilesDeleted:N0} files of {done.BytesDeleted:N0} bytes"),
        .. Part(done.LogFilesDeleted, $"deleted {done.LogFilesDeleted:N0} files of the log"),
    ]) is { Length: > 0 } text ? text : "nothing to do";

    private static string[] Part(int count, string text) => count == 0 ? [] : [text];
}

using System.Globalization;
using System.Text.Json;
using Sluice.Analysis;
using Sluice.Cleaning;
using Sluice.Cleaning.Judging;
using Sluice.Definition;
using Sluice.Schedule;
using Sluice.Sql;

namespace Sluice.Console.Node;

/// <summary>What the tasks of the pipeline's DAG do: a clean takes what is in the log by then, a question what is clean.</summary>
internal sealed class PipelineTasks(SluiceNode node)
{
    /// <summary>Namespace of the clean tables of the batch path.</summary>
    public const string BatchPath = "batch";

    /// <summary>Namespace of the clean tables of the stream path.</summary>
    public const string StreamPath = "stream";

    private readonly MaintenanceTasks _maintenance = new(node);

    public static DagSpec DagOf(PipelineDefinition pipeline) => new()
    {
        Name = pipeline.Schedule.Dag,
        Schedule = pipeline.Schedule.Cron,
        TimeZone = pipeline.Schedule.TimeZone,
        Catchup = pipeline.Schedule.Catchup,
        Retries = pipeline.Schedule.Retries,
        RetryDelay = pipeline.Schedule.RetryDelay,
        DependsOnPast = pipeline.Schedule.DependsOnPast,
        Tasks = [.. pipeline.Dag.Tasks.Select(t => new TaskSpec(t.Name, t.DependsOn))],
    };

    /// <summary>The same tasks over the streams: a clean takes what a stream holds by then. It has no schedule; the stream is always live.</summary>
    public static DagSpec StreamDagOf(PipelineDefinition pipeline) => DagOf(pipeline) with { Name = StreamDagName(pipeline.Schedule.Dag), Schedule = null };

    /// <summary>All DAGs of the pipeline.</summary>
    public static IReadOnlyList<DagSpec> DagsOf(PipelineDefinition pipeline) =>
        MaintenanceTasks.DagOf(pipeline) is { } maintenance ? [DagOf(pipeline), StreamDagOf(pipeline), maintenance] : [DagOf(pipeline), StreamDagOf(pipeline)];

    public static string StreamDagName(string dag) => $"{dag}.{StreamPath}";

    public async Task<TaskResult> ExecuteAsync(TaskRun run, CancellationToken cancel)
    {
        if (run.Dag == node.Pipeline.Maintenance?.Dag) return await _maintenance.ExecuteAsync(run, cancel);
        var task = node.Pipeline.Dag.Tasks.Single(t => t.Name == run.Task);
        try
        {
            var path = run.Dag == node.Dag.Name ? BatchPath : StreamPath;
            return task.Kind == DagTaskKind.Clean ? await CleanAsync(task.Subject, path, run, cancel) : await AnswerAsync(task.Subject, path, cancel);
        }
        catch (Exception fault) when (fault is SqlException { OutOfMemory: false } or CleanSqlException or ExpectationException)
        {
            // The SQL is wrong or the rows are, and as wrong at the next try.
            return TaskResult.Failure(fault.Message, retry: false);
        }
    }

    private async Task<TaskResult> CleanAsync(string dataset, string path, TaskRun run, CancellationToken cancel)
    {
        if (path == BatchPath) await node.Sink.FlushAsync(cancel);
        var name = string.Create(CultureInfo.InvariantCulture, $"{run.Dag} {run.RunId}");
        var report = path == BatchPath
            ? await node.Cleaner.CleanAsync(dataset, cancel, run: name)
            : await node.StreamCleaner.DrainAsync(dataset, cancel, run: name);
        return TaskResult.Success(JsonSerializer.Serialize(new TaskOutput(
            report.Received, $"clean {report.Clean:N0}, quarantined {report.Quarantined:N0}, duplicate {report.Duplicates:N0}{Dropped(report)}")));
    }

    private static string Dropped(CleanReport report) => report.Dropped == 0 ? "" : $", dropped {report.Dropped:N0}";

    private async Task<TaskResult> AnswerAsync(string question, string path, CancellationToken cancel)
    {
        var answer = await node.Questions.RunAsync(node.Pipeline.Questions.Single(q => q.Name == question), path, cancel);
        return TaskResult.Success(JsonSerializer.Serialize(new TaskOutput(answer.Rows, $"{answer.Table} version {answer.Version}")));
    }
}

/// <summary>What the history keeps of a finished task.</summary>
internal sealed record TaskOutput(long Rows, string What)
{
    public static TaskOutput? Of(TaskInstance task) => task.Output is null ? null : JsonSerializer.Deserialize<TaskOutput>(task.Output);
}

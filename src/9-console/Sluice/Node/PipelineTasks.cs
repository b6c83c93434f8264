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

    public async Task<TaskResult> ExecuteAsync(TaskRun run, CancellationToken cancel)
    {
        var task = node.Pipeline.Dag.Tasks.Single(t => t.Name == run.Task);
        try
        {
            return task.Kind == DagTaskKind.Clean ? await CleanAsync(task.Subject, cancel) : await AnswerAsync(task.Subject, cancel);
        }
        catch (Exception fault) when (fault is SqlException { OutOfMemory: false } or CleanSqlException)
        {
            // The SQL is wrong, and is as wrong at the next try.
            return TaskResult.Failure(fault.Message, retry: false);
        }
    }

    private async Task<TaskResult> CleanAsync(string dataset, CancellationToken cancel)
    {
        await node.Sink.FlushAsync(cancel);
        var report = await node.Cleaner.CleanAsync(dataset, cancel);
        return TaskResult.Success(JsonSerializer.Serialize(new TaskOutput(
            report.Received, $"clean {report.Clean:N0}, quarantined {report.Quarantined:N0}, duplicate {report.Duplicates:N0}")));
    }

    private async Task<TaskResult> AnswerAsync(string question, CancellationToken cancel)
    {
        var answer = await node.Questions.RunAsync(node.Pipeline.Questions.Single(q => q.Name == question), BatchPath, cancel);
        return TaskResult.Success(JsonSerializer.Serialize(new TaskOutput(answer.Rows, $"{answer.Table} version {answer.Version}")));
    }
}

/// <summary>What the history keeps of a finished task.</summary>
internal sealed record TaskOutput(long Rows, string What)
{
    public static TaskOutput? Of(TaskInstance task) => task.Output is null ? null : JsonSerializer.Deserialize<TaskOutput>(task.Output);
}

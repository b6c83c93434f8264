namespace Sluice.Schedule;

/// <summary>One try of a task, as it is handed to what executes it.</summary>
/// <param name="LogicalDate">Start of the data interval for a scheduled run; the date asked for otherwise.</param>
/// <param name="TryNumber">1 for the first try; a try that was cut off counts.</param>
/// <param name="Fence">Grows with every process that takes over the schedule: a store that keeps the largest it has seen can refuse an older one.</param>
/// <param name="Upstream">JSON outputs of the tasks this one depends on directly, where they gave one.</param>
public sealed record TaskRun(
    string Dag,
    string Task,
    long RunId,
    DateTimeOffset LogicalDate,
    DataInterval Interval,
    RunTrigger Trigger,
    int TryNumber,
    long Fence,
    IReadOnlyDictionary<string, string> Upstream);

/// <summary>How a try ended. An exception thrown by a task counts as a failure that may be retried.</summary>
public sealed record TaskResult
{
    private TaskResult(TaskState state, string? output, string? error, bool retry)
    {
        State = state;
        Output = output;
        Error = error;
        Retry = retry;
    }

    internal TaskState State { get; }

    internal string? Output { get; }

    internal string? Error { get; }

    internal bool Retry { get; }

    /// <summary>The task is done. The output is small JSON for the tasks behind it and for the history.</summary>
    public static TaskResult Success(string? output = null) => new(TaskState.Success, output, null, false);

    /// <summary>The task failed; retry says whether another try can end differently.</summary>
    public static TaskResult Failure(string error, bool retry = true) => new(TaskState.Failed, null, error, retry);

    /// <summary>There was nothing to do, and so there is nothing to do for the tasks behind it.</summary>
    public static TaskResult Skip(string reason) => new(TaskState.Skipped, null, reason, false);

    internal static TaskResult Interrupted { get; } = new(TaskState.UpForRetry, null, "the process was stopped while the task ran", true);
}

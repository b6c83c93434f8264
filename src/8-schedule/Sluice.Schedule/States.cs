namespace Sluice.Schedule;

/// <summary>What started a run.</summary>
public enum RunTrigger
{
    Manual,
    Schedule,
    Backfill,
}

/// <summary>State of a run, named as Airflow names it.</summary>
public enum RunState
{
    Queued,
    Running,
    Success,
    Failed,
}

/// <summary>State of a task in a run, named as Airflow names it.</summary>
public enum TaskState
{
    /// <summary>Waits for tasks it depends on.</summary>
    None,

    /// <summary>Its upstream tasks succeeded; it waits for its own success in the run before (depends_on_past).</summary>
    Scheduled,

    /// <summary>Nothing holds it back but a free slot.</summary>
    Queued,

    Running,
    Success,
    Failed,

    /// <summary>Failed or was cut off, and is tried again at a recorded time.</summary>
    UpForRetry,

    /// <summary>Not run, because a task it depends on failed.</summary>
    UpstreamFailed,

    /// <summary>Not run, because it said so itself or a task it depends on was skipped.</summary>
    Skipped,
}

/// <summary>The states as text: the words of Airflow, in the store and on the screen.</summary>
public static class StateText
{
    private static readonly string[] s_task =
        ["none", "scheduled", "queued", "running", "success", "failed", "up_for_retry", "upstream_failed", "skipped"];

    private static readonly string[] s_run = ["queued", "running", "success", "failed"];
    private static readonly string[] s_trigger = ["manual", "schedule", "backfill"];

    public static string ToText(this TaskState state) => s_task[(int)state];

    public static string ToText(this RunState state) => s_run[(int)state];

    public static string ToText(this RunTrigger trigger) => s_trigger[(int)trigger];

    /// <summary>Whether the task is done with in this run, for better or worse.</summary>
    public static bool IsFinished(this TaskState state) =>
        state is TaskState.Success or TaskState.Failed or TaskState.UpstreamFailed or TaskState.Skipped;

    public static bool IsFinished(this RunState state) => state is RunState.Success or RunState.Failed;

    internal static TaskState ParseTask(string text) => (TaskState)IndexOf(s_task, text);

    internal static RunState ParseRun(string text) => (RunState)IndexOf(s_run, text);

    internal static RunTrigger ParseTrigger(string text) => (RunTrigger)IndexOf(s_trigger, text);

    private static int IndexOf(string[] texts, string text)
    {
        var index = Array.IndexOf(texts, text);
        return index >= 0 ? index : throw new InvalidDataException($"The run store holds the unknown state '{text}'.");
    }
}

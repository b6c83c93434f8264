namespace Sluice.Schedule;

/// <summary>A run of a DAG for one logical date, as the store has it.</summary>
/// <param name="Tasks">In the order of their dependencies.</param>
public sealed record DagRun(
    long Id,
    string Dag,
    DateTimeOffset LogicalDate,
    DataInterval Interval,
    RunTrigger Trigger,
    RunState State,
    DateTimeOffset CreatedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    IReadOnlyList<TaskInstance> Tasks)
{
    public TimeSpan? Duration => EndedAt - StartedAt;
}

/// <summary>A task in a run: its state, its latest try, and who holds it.</summary>
/// <param name="TryNumber">Tries begun so far.</param>
/// <param name="Failures">Tries that failed; the ones that a process cut short do not count.</param>
/// <param name="Interruptions">Tries that the end of the process cut short.</param>
/// <param name="NextTryAt">When a task that is up for retry is tried again.</param>
/// <param name="Owner">The process that holds the running task, or last did.</param>
/// <param name="Fence">The fencing token of that process.</param>
/// <param name="Output">Small JSON.</param>
public sealed record TaskInstance(
    string Task,
    TaskState State,
    int TryNumber,
    int Failures,
    int Interruptions,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    DateTimeOffset? NextTryAt,
    string? Owner,
    long Fence,
    string? Error,
    string? Output)
{
    public TimeSpan? Duration => EndedAt - StartedAt;

    internal static TaskInstance New(string task) => new(task, TaskState.None, 0, 0, 0, null, null, null, null, 0, null, null);
}

/// <summary>A task before and after a transition. The store accepts it only while the task still is as it was before.</summary>
internal readonly record struct TaskChange(TaskInstance Before, TaskInstance After);

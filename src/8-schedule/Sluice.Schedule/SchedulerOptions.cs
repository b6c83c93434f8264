namespace Sluice.Schedule;

/// <summary>Settings of a scheduler. The defaults are the limits of <see cref="ScheduleLimits"/>.</summary>
public sealed record SchedulerOptions
{
    /// <summary>Tasks of one run that execute at once. A DAG executes one run at a time.</summary>
    public int ParallelTasks { get; init; } = ScheduleLimits.ParallelTasks;

    public TimeSpan TickInterval { get; init; } = ScheduleLimits.TickInterval;

    /// <summary>Tick intervals without a tick after which the watchdog logs an error and the scheduler is unhealthy.</summary>
    public int SilentTicks { get; init; } = ScheduleLimits.SilentTicks;

    /// <summary>How a task is set going; a simulation starts it in place, to replay the same order of events.</summary>
    internal Func<Func<Task<TaskResult>>, Task<TaskResult>> Launch { get; init; } = Task.Run;
}

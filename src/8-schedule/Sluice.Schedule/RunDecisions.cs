using System.Globalization;

namespace Sluice.Schedule;

/// <summary>What moves next in a run: states in, states out, no clock and no store.</summary>
internal static class RunDecisions
{
    /// <summary>
    /// Moves every task that does not run as far as it can go without running. The tasks come in the order of their
    /// dependencies, so that one pass carries a failure all the way down.
    /// </summary>
    /// <param name="tasks">Tasks of the run, each after those it depends on.</param>
    /// <param name="dependsOn">Dependencies by task name.</param>
    /// <param name="heldByPast">Tasks that must still wait for their own success in the run before.</param>
    /// <param name="retryDelay">No retry is further away than this.</param>
    /// <param name="now">Decides which retries are due.</param>
    public static IReadOnlyList<TaskChange> Advance(
        IReadOnlyList<TaskInstance> tasks,
        IReadOnlyDictionary<string, IReadOnlyList<string>> dependsOn,
        IReadOnlySet<string> heldByPast,
        TimeSpan retryDelay,
        DateTimeOffset now)
    {
        var states = tasks.ToDictionary(task => task.Task, task => task.State);
        var changes = new List<TaskChange>();
        foreach (var task in tasks)
        {
            if (task.State is not (TaskState.None or TaskState.Scheduled or TaskState.Queued or TaskState.UpForRetry)
                || !dependsOn.TryGetValue(task.Task, out var upstream))
                continue;
            var isDue = UntilNextTry(task, retryDelay, now) == TimeSpan.Zero;
            var after = Next(task, [.. upstream.Select(name => (name, states[name]))], heldByPast.Contains(task.Task), isDue, now);
            if (after.State == task.State)
                continue;
            states[task.Task] = after.State;
            changes.Add(new(task, after));
        }
        return changes;
    }

    /// <summary>
    /// How long a task has yet to wait for its next try. One that is further away than the delay was put there by a clock that was ahead
    /// and has been corrected since: it is due.
    /// </summary>
    public static TimeSpan UntilNextTry(TaskInstance task, TimeSpan retryDelay, DateTimeOffset now)
    {
        var pause = task.NextTryAt - now ?? TimeSpan.Zero;
        return pause > TimeSpan.Zero && pause <= retryDelay ? pause : TimeSpan.Zero;
    }

    /// <summary>How the run ended; null while a task is not finished.</summary>
    public static RunState? Outcome(IReadOnlyList<TaskInstance> tasks)
    {
        if (!tasks.All(task => task.State.IsFinished()))
            return null;
        return tasks.Any(task => task.State is TaskState.Failed or TaskState.UpstreamFailed) ? RunState.Failed : RunState.Success;
    }

    /// <summary>The task after a try that ended with the result.</summary>
    public static TaskInstance Ended(TaskInstance task, TaskResult result, DagSpec dag, DateTimeOffset now)
    {
        var ended = task with
        {
            State = result.State,
            EndedAt = now,
            Error = Shorten(result.Error),
            Output = result.Output,
            NextTryAt = result.State == TaskState.UpForRetry ? now : null,
        };
        if (result.State != TaskState.Failed)
            return ended;
        var failures = task.Failures + 1;
        return result.Retry && failures <= dag.Retries
            ? ended with { State = TaskState.UpForRetry, Failures = failures, NextTryAt = now + dag.RetryDelay }
            : ended with { Failures = failures };
    }

    /// <summary>The task after the process that ran it has gone.</summary>
    public static TaskInstance Orphaned(TaskInstance task, DateTimeOffset now)
    {
        var interruptions = task.Interruptions + 1;
        return task with
        {
            State = interruptions < ScheduleLimits.Interruptions ? TaskState.UpForRetry : TaskState.Failed,
            Interruptions = interruptions,
            EndedAt = now,
            NextTryAt = now,
            Error = string.Create(CultureInfo.InvariantCulture, $"its process ended while it ran ({interruptions} times)"),
        };
    }

    private static TaskInstance Next(
        TaskInstance task, IReadOnlyList<(string Name, TaskState State)> upstream, bool heldByPast, bool isDue, DateTimeOffset now)
    {
        if (upstream.FirstOrDefault(other => other.State is TaskState.Failed or TaskState.UpstreamFailed).Name is { } failed)
            return task with { State = TaskState.UpstreamFailed, EndedAt = now, Error = $"{failed}, which it depends on, failed" };
        if (upstream.FirstOrDefault(other => other.State == TaskState.Skipped).Name is { } skipped)
            return task with { State = TaskState.Skipped, EndedAt = now, Error = $"{skipped}, which it depends on, was skipped" };
        if (upstream.Any(other => other.State != TaskState.Success))
            return task with { State = TaskState.None };
        if (heldByPast)
            return task with { State = TaskState.Scheduled };
        return task.State == TaskState.UpForRetry && !isDue ? task : task with { State = TaskState.Queued };
    }

    private static string? Shorten(string? error) =>
        error?.Length > ScheduleLimits.ErrorCharacters ? error[..ScheduleLimits.ErrorCharacters] + "..." : error;
}

using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Sluice.Schedule;

/// <summary>What every execution of one scheduler works with.</summary>
internal sealed record ExecutionContext(
    RunStore Store,
    Func<TaskRun, CancellationToken, Task<TaskResult>> Execute,
    TimeProvider Time,
    ILogger Logger,
    SchedulerOptions Options);

/// <summary>
/// Takes one run as far as it goes: to its end, to where only the run before can release it, or to the stop of the process.
/// One flow of control decides and records; only the tasks themselves run beside it.
/// </summary>
internal sealed class RunExecution(ExecutionContext context, DagSpec dag, DagRun begun)
{
    private readonly RunStore _store = context.Store;
    private readonly Dictionary<string, Task<TaskResult>> _running = [];
    private readonly Dictionary<string, IReadOnlyList<string>> _dependsOn = dag.Tasks.ToDictionary(task => task.Name, task => task.DependsOn);
    private DagRun _run = begun;
    private IReadOnlyDictionary<string, string> _held = new Dictionary<string, string>();

    private DateTimeOffset Now => context.Time.GetUtcNow();

    /// <exception cref="OperationCanceledException">Stopped; tasks that ran are marked for another try.</exception>
    public async Task<RunResult> ExecuteAsync(CancellationToken stop)
    {
        using var tasks = CancellationTokenSource.CreateLinkedTokenSource(stop);
        try
        {
            while (true)
            {
                if (!stop.IsCancellationRequested)
                    Start(Advance(), tasks.Token);
                if (_running.Count == 0 && RunDecisions.Outcome(_run.Tasks) is { } outcome)
                    return Finish(outcome);
                if (_running.Count == 0)
                    stop.ThrowIfCancellationRequested();
                if (!await WaitAsync(stop))
                    return new(_run, AlreadyDone: false, [.. _held.Select(held => $"{held.Key} {held.Value}")]);
                await CollectAsync();
            }
        }
        finally
        {
            // Reached with tasks at work only when the store fails: they must not outlive the run.
            tasks.Cancel();
            await Task.WhenAll(_running.Values);
        }
    }

    /// <summary>Decides what moves, and records it together with the tries that begin.</summary>
    private List<TaskInstance> Advance()
    {
        _held = HeldByPast();
        var changes = RunDecisions.Advance(_run.Tasks, _dependsOn, _held.Keys.ToHashSet(), dag.RetryDelay, Now)
            .ToDictionary(change => change.After.Task);
        var moved = _run.Tasks.Select(task => changes.TryGetValue(task.Task, out var change) ? change.After : task);
        var free = context.Options.ParallelTasks - _running.Count;
        var starting = moved.Where(task => task.State == TaskState.Queued).Take(free).Select(task => task with
        {
            State = TaskState.Running,
            TryNumber = task.TryNumber + 1,
            StartedAt = Now,
            EndedAt = null,
            NextTryAt = null,
            Owner = _store.Owner,
            Fence = _store.Fence,
            Error = null,
        }).ToList();
        foreach (var task in starting)
            changes[task.Task] = new(_run.Tasks.First(row => row.Task == task.Task), task);
        Record([.. changes.Values], "advance run");
        return starting;
    }

    private void Start(List<TaskInstance> starting, CancellationToken stop)
    {
        foreach (var task in starting)
        {
            var outputs = _run.Tasks.Where(row => row.Output is not null && _dependsOn[task.Task].Contains(row.Task))
                .ToDictionary(row => row.Task, row => row.Output!);
            var run = new TaskRun(
                dag.Name, task.Task, _run.Id, _run.LogicalDate, _run.Interval, _run.Trigger, task.TryNumber, task.Fence, outputs);
            ScheduleLog.TaskStarted(context.Logger, run.Dag, run.Task, run.LogicalDate, run.TryNumber);
            _running.Add(task.Task, context.Options.Launch(() => TryAsync(run, stop)));
        }
    }

    private async Task<TaskResult> TryAsync(TaskRun run, CancellationToken stop)
    {
        try
        {
            return Checked(await context.Execute(run, stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return TaskResult.Interrupted;
        }
        catch (Exception cause)
        {
            // The task's own outermost edge: whatever it throws is how it ended, and is kept in the run's history.
            ScheduleLog.TaskThrew(context.Logger, cause, run.Dag, run.Task, run.LogicalDate, run.TryNumber);
            return TaskResult.Failure($"{cause.GetType().Name}: {cause.Message}");
        }
    }

    private static TaskResult Checked(TaskResult result)
    {
        if (result.Output is null)
            return result;
        if (Encoding.UTF8.GetByteCount(result.Output) > ScheduleLimits.OutputBytes)
        {
            return TaskResult.Failure(
                $"its output is larger than {ScheduleLimits.OutputBytes} bytes: write the data to a table and return its name", retry: false);
        }
        try
        {
            using var parsed = JsonDocument.Parse(result.Output);
            return result;
        }
        catch (JsonException cause)
        {
            return TaskResult.Failure($"its output is not JSON: {cause.Message}", retry: false);
        }
    }

    /// <summary>Waits for a task to end or a retry to fall due; false when nothing is left to wait for here.</summary>
    private async Task<bool> WaitAsync(CancellationToken stop)
    {
        var retries = _run.Tasks.Where(task => task.State == TaskState.UpForRetry && task.NextTryAt is not null).ToList();
        if (_running.Count == 0 && retries.Count == 0)
            return false;
        var events = new List<Task>(_running.Values);
        using var awake = CancellationTokenSource.CreateLinkedTokenSource(stop);
        if (retries.Count > 0 && !stop.IsCancellationRequested)
        {
            var now = Now;
            events.Add(Task.Delay(retries.Min(task => RunDecisions.UntilNextTry(task, dag.RetryDelay, now)), context.Time, awake.Token));
        }
        await Task.WhenAny(events);
        awake.Cancel();
        return true;
    }

    private async Task CollectAsync()
    {
        foreach (var (name, ended) in _running.Where(pair => pair.Value.IsCompleted).ToList())
        {
            _running.Remove(name);
            var before = _run.Tasks.First(task => task.Task == name);
            var after = RunDecisions.Ended(before, await ended, dag, Now);
            Record([new(before, after)], "end task");
            ScheduleLog.TaskEnded(context.Logger, dag.Name, name, _run.LogicalDate, after.State.ToText(), after.Error);
        }
    }

    private RunResult Finish(RunState outcome)
    {
        _store.Finish(_run.Id, outcome, Now);
        _run = _store.Find(_run.Id)!;
        ScheduleLog.RunEnded(context.Logger, dag.Name, _run.LogicalDate, outcome.ToText());
        return new(_run, AlreadyDone: false, []);
    }

    /// <summary>Tasks that wait for their own success in the run before, and why.</summary>
    private Dictionary<string, string> HeldByPast()
    {
        if (!dag.DependsOnPast || _store.Before(dag.Name, _run.LogicalDate) is not { } past)
            return [];
        return past.Tasks.Where(task => task.State is not (TaskState.Success or TaskState.Skipped) && _dependsOn.ContainsKey(task.Task))
            .ToDictionary(task => task.Task, task => FormattableString.Invariant(
                $"waits for its own success in the run of {past.LogicalDate:yyyy-MM-ddTHH:mmZ}, where it is {task.State.ToText()}"));
    }

    private void Record(IReadOnlyList<TaskChange> changes, string what)
    {
        if (changes.Count == 0)
            return;
        _store.Apply(_run.Id, changes, what);
        var after = changes.ToDictionary(change => change.After.Task, change => change.After);
        _run = _run with { Tasks = [.. _run.Tasks.Select(task => after.GetValueOrDefault(task.Task, task))] };
    }
}

using Microsoft.Extensions.Logging;

namespace Sluice.Schedule;

/// <summary>
/// Runs DAGs: by their schedules, on request, and for past dates. It knows tasks by name only; what a task does is the
/// caller's. All it does is in the <see cref="RunStore"/> before it happens, so that after the end of the process, at any
/// moment and however hard, the next one goes on without running a finished task again.
/// </summary>
public sealed class Scheduler
{
    private readonly RunStore _store;
    private readonly IReadOnlyList<DagSpec> _dags;
    private readonly ExecutionContext _context;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SchedulerOptions _options;
    private readonly Dictionary<string, SemaphoreSlim> _gates;
    private readonly HashSet<long> _knownHeld = [];
    private volatile Watchdog? _watchdog;

    /// <param name="store">Opened for this scheduler alone.</param>
    /// <param name="dags">Without faults.</param>
    /// <param name="execute">Executes one try of a task; it ends when the token is cancelled.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Progress and faults.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ScheduleException">A DAG has faults, or two have one name; the message holds them all.</exception>
    public Scheduler(
        RunStore store,
        IReadOnlyList<DagSpec> dags,
        Func<TaskRun, CancellationToken, Task<TaskResult>> execute,
        TimeProvider time,
        ILogger logger,
        SchedulerOptions? options = null)
    {
        var faults = dags.SelectMany(dag => dag.Faults())
            .Concat(dags.CountBy(dag => dag.Name).Where(pair => pair.Value > 1).Select(pair => $"Several DAGs are called {pair.Key}: names are unique."))
            .ToList();
        if (faults.Count > 0)
            throw new ScheduleException(string.Join(Environment.NewLine, faults));
        _options = options ?? new SchedulerOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.ParallelTasks, 1);
        _store = store;
        _dags = dags;
        _time = time;
        _logger = logger;
        _context = new(store, execute, time, logger, _options);
        _gates = dags.ToDictionary(dag => dag.Name, _ => new SemaphoreSlim(1, 1));
    }

    /// <summary>Whether the loop of <see cref="RunAsync"/> looks at the clock; not healthy while that does not run.</summary>
    public SchedulerHealth Health => _watchdog?.Health ?? new(false, null);

    /// <summary>
    /// Starts runs as they fall due, and unfinished ones of an earlier process, until stopped. Then it waits for the tasks at
    /// work, marks the ones that were cut off for another try, and returns.
    /// </summary>
    /// <exception cref="StaleOwnerException">Another process has taken the schedule over.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        using var watchdog = new Watchdog(_time, _options, _logger);
        using var runs = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var active = new Dictionary<string, Task>();
        _watchdog = watchdog;
        try
        {
            while (!stop.IsCancellationRequested)
            {
                watchdog.Tick();
                Tick();
                StartRuns(active, runs.Token);
                await PauseAsync(active.Values, stop);
                foreach (var (dag, run) in active.Where(pair => pair.Value.IsCompleted).ToList())
                {
                    active.Remove(dag);
                    await run;
                }
            }
        }
        finally
        {
            _watchdog = null;
            runs.Cancel();
            await Task.WhenAll(active.Values);
        }
    }

    /// <summary>
    /// Executes the run of a logical date to its end and says how it went. A run that has succeeded is not executed again; of
    /// one that failed or was cut off, only the tasks that have not succeeded are. A task held back by depends_on_past leaves
    /// the run unfinished, and the result says what it waits for.
    /// </summary>
    /// <param name="dag">Name of the DAG.</param>
    /// <param name="logicalDate">The date the run is about: <see cref="DagSpec.LogicalDateOf"/> a day, or the present moment for a run of its own.</param>
    /// <param name="stop">Cuts the tasks off and marks them for another try.</param>
    /// <exception cref="ScheduleException">There is no such DAG.</exception>
    /// <exception cref="OperationCanceledException">Stopped before the end.</exception>
    public async Task<RunResult> RunNowAsync(string dag, DateTimeOffset logicalDate, CancellationToken stop) =>
        await RequestAsync(Named(dag), logicalDate, RunTrigger.Manual, stop);

    /// <summary>
    /// Executes every interval that begins on the days from first to last, in order. Runs that have succeeded stay as they are.
    /// It ends early with a run that did not succeed when the DAG depends on its past.
    /// </summary>
    /// <exception cref="ScheduleException">There is no such DAG, or it has no schedule.</exception>
    public async Task<IReadOnlyList<RunResult>> BackfillAsync(string dag, DateOnly first, DateOnly last, CancellationToken stop)
    {
        var spec = Named(dag);
        var results = new List<RunResult>();
        foreach (var interval in Intervals(spec, first, last))
        {
            var result = await RequestAsync(spec, interval.Start, RunTrigger.Backfill, stop);
            results.Add(result);
            if (spec.DependsOnPast && result.Run.State != RunState.Success)
                break;
        }
        return results;
    }

    /// <summary>The intervals a backfill of these days would run: a dry run of it.</summary>
    /// <exception cref="ScheduleException">The DAG has no schedule.</exception>
    public static IEnumerable<DataInterval> Intervals(DagSpec dag, DateOnly first, DateOnly last)
    {
        if (Cadence.Of(dag) is not { } cadence)
            throw new ScheduleException($"DAG {dag.Name} has no schedule, so it has no intervals to backfill: run it for single dates.");
        var end = dag.StartOf(last.AddDays(1));
        for (var next = cadence.StartingAtOrAfter(dag.StartOf(first)); next is { } interval && interval.Start < end;
            next = cadence.StartingAtOrAfter(interval.End))
            yield return interval;
    }

    private async Task<RunResult> RequestAsync(DagSpec dag, DateTimeOffset logicalDate, RunTrigger trigger, CancellationToken stop)
    {
        var now = _time.GetUtcNow();
        var interval = Cadence.Of(dag)?.Around(logicalDate) ?? new(logicalDate, logicalDate);
        if (_store.Find(dag.Name, logicalDate) is { State: RunState.Success } done)
            return new(done, AlreadyDone: true, []);
        var run = _store.Request(dag, logicalDate, interval, trigger, now);
        var gate = _gates[dag.Name];
        await gate.WaitAsync(stop);
        try
        {
            // The loop may have executed it while this waited.
            var present = _store.Find(run.Id)!;
            return present.State.IsFinished()
                ? new(present, AlreadyDone: false, [])
                : await ExecuteAsync(dag, run.Id, stop);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>With the gate of the DAG in hand: a task that the store shows as running has lost its process.</summary>
    private async Task<RunResult> ExecuteAsync(DagSpec dag, long run, CancellationToken stop)
    {
        var begun = _store.Begin(run, dag, _time.GetUtcNow(), out var recovered);
        foreach (var task in recovered)
            ScheduleLog.TaskRecovered(_logger, dag.Name, task, begun.LogicalDate);
        return await new RunExecution(_context, dag, begun).ExecuteAsync(stop);
    }

    /// <summary>Creates the runs that have fallen due.</summary>
    private void Tick()
    {
        foreach (var dag in _dags)
        {
            foreach (var interval in DueIntervals.Of(dag, _store.Register(dag.Name, _time.GetUtcNow()), _time.GetUtcNow()))
            {
                _store.CreateScheduled(dag, interval, _time.GetUtcNow());
                ScheduleLog.RunDue(_logger, dag.Name, interval.Start);
            }
        }
    }

    /// <summary>One run at a time for each DAG, the oldest first.</summary>
    private void StartRuns(Dictionary<string, Task> active, CancellationToken stop)
    {
        foreach (var dag in _dags.Where(dag => !active.ContainsKey(dag.Name)))
        {
            var unfinished = _store.Unfinished(dag.Name);
            if (unfinished.Count > 0)
                active.Add(dag.Name, ExecuteUnfinishedAsync(dag, unfinished, stop));
        }
    }

    /// <summary>A run that is held back by its past lets the ones behind it try, and is looked at again a tick later.</summary>
    private async Task ExecuteUnfinishedAsync(DagSpec dag, IReadOnlyList<long> runs, CancellationToken stop)
    {
        var held = false;
        try
        {
            foreach (var id in runs)
            {
                await _gates[dag.Name].WaitAsync(stop);
                try
                {
                    if (_store.Find(id)!.State.IsFinished())
                        continue;
                    var result = await ExecuteAsync(dag, id, stop);
                    held |= result.Held.Count > 0;
                    if (result.Held.Count > 0 && _knownHeld.Add(id))
                        ScheduleLog.RunHeld(_logger, dag.Name, result.Run.LogicalDate, string.Join("; ", result.Held));
                }
                finally
                {
                    _gates[dag.Name].Release();
                }
            }
            if (held)
                await Task.Delay(_options.TickInterval, _time, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The stop was asked for, and what it cut off is marked in the store.
        }
    }

    /// <summary>Until the next interval ends, a run has ended, or a tick is due to notice a changed clock.</summary>
    private async Task PauseAsync(IEnumerable<Task> active, CancellationToken stop)
    {
        var now = _time.GetUtcNow();
        var pause = _dags.Select(dag => Cadence.Of(dag)?.After(now) - now).Append(_options.TickInterval).Min() ?? _options.TickInterval;
        using var awake = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await Task.WhenAny([.. active, Task.Delay(pause, _time, awake.Token)]);
        awake.Cancel();
    }

    private DagSpec Named(string name) => _dags.FirstOrDefault(dag => dag.Name == name)
        ?? throw new ScheduleException($"There is no DAG '{name}': take one of {string.Join(", ", _dags.Select(dag => dag.Name))}.");
}

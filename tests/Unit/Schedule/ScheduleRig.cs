using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Sluice.Schedule;

namespace Sluice.Unit.Schedule;

/// <summary>A run store in a private directory, a fake clock, and tasks that do what the test says.</summary>
internal sealed class ScheduleRig : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sluice-schedule-").FullName;

    public ScheduleRig(string now = "2026-03-10T12:00:00Z")
    {
        // Without the runner's context, what the clock wakes runs to its next pause before Advance returns.
        SynchronizationContext.SetSynchronizationContext(null);
        Time = new FakeTimeProvider(DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture));
        Store = RunStore.Open(Path, "first");
    }

    public FakeTimeProvider Time { get; }

    public RunStore Store { get; private set; }

    public RecordingLogger Log { get; } = new();

    /// <summary>Names of the tasks in the order their tries began.</summary>
    public List<string> Executed { get; } = [];

    public List<TaskRun> Tries { get; } = [];

    /// <summary>What a task does, by name; without an entry it succeeds.</summary>
    public Dictionary<string, Func<TaskRun, CancellationToken, Task<TaskResult>>> Tasks { get; } = [];

    public string Path => System.IO.Path.Combine(_directory, "schedule", "runs.db");

    public Scheduler Scheduler(DagSpec dag, int parallel = 4) => new(Store, [dag], ExecuteAsync, Time, Log, new SchedulerOptions
    {
        ParallelTasks = parallel,
        Launch = start => start(),
    });

    public RunStore Reopen(string owner = "second") => Store = RunStore.Open(Path, owner);

    public void Fail(string task, int times) => Tasks[task] = (run, _) =>
        Task.FromResult(Tries.Count(earlier => earlier.Task == task) <= times ? TaskResult.Failure("no luck") : TaskResult.Success());

    /// <summary>Moves the clock in small steps until the work has ended.</summary>
    public async Task<T> FinishAsync<T>(Task<T> work, double stepSeconds = 1)
    {
        await UntilAsync(() => work.IsCompleted, stepSeconds);
        return await work;
    }

    public async Task UntilAsync(Func<bool> reached, double stepSeconds = 1)
    {
        // Real time bounds the wait only, so that a schedule that is stuck fails the test and does not hang it.
        var deadline = Environment.TickCount64 + 60_000;
        while (!reached())
        {
            if (Environment.TickCount64 > deadline)
                throw new TimeoutException("The schedule did not get there.");
            Time.Advance(TimeSpan.FromSeconds(stepSeconds));
            await Task.Yield();
        }
    }

    public static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Tasks written "a", "b<a" (b after a), "c<a+b".</summary>
    public static DagSpec Dag(params string[] tasks) => new()
    {
        Name = "daily",
        Tasks = [.. tasks.Select(text => text.Split('<')).Select(parts => new TaskSpec(parts[0], parts.Length > 1 ? parts[1].Split('+') : []))],
    };

    public void Dispose()
    {
        Store.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<TaskResult> ExecuteAsync(TaskRun run, CancellationToken stop)
    {
        Executed.Add(run.Task);
        Tries.Add(run);
        return Tasks.TryGetValue(run.Task, out var task) ? await task(run, stop) : TaskResult.Success();
    }
}

/// <summary>Keeps what is logged.</summary>
internal sealed class RecordingLogger : ILogger
{
    private readonly List<(LogLevel Level, string Text)> _entries = [];

    public IReadOnlyList<(LogLevel Level, string Text)> Entries
    {
        get
        {
            lock (_entries)
                return [.. _entries];
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_entries)
            _entries.Add((logLevel, formatter(state, exception)));
    }
}

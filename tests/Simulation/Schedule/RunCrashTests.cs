using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sluice.Schedule;

namespace Sluice.Simulation.Schedule;

/// <summary>
/// Random DAGs whose process dies at recorded transitions, before or after the commit. What is left on disk is what a killed
/// process leaves: the database and its write-ahead log are copied while the dead process still has them open.
/// </summary>
public sealed class RunCrashTests
{
    [Fact]
    public async Task Every_task_succeeds_once_in_order_through_crashes_at_random_transitions()
    {
        for (var seed = 1; seed <= 60; seed++)
            await new History(seed).RunAsync(random => random.Next(1, 6));
    }

    [Fact]
    public async Task Every_task_succeeds_once_in_order_through_a_crash_at_every_transition()
    {
        // The process dies at its first transition, then at its second, and so on, each time a step further into the run.
        for (var seed = 1001; seed <= 1010; seed++)
        {
            var step = 0;
            await new History(seed).RunAsync(_ => ++step);
        }
    }

    private sealed class ProcessDeath : Exception;

    private sealed class History(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 10, 0, 0, 0, TimeSpan.Zero));
        private readonly List<string> _trace = [];

        /// <summary>Tasks whose success is on disk.</summary>
        private readonly HashSet<string> _recorded = [];
        private readonly Dictionary<string, int> _tries = [];
        private readonly HashSet<string> _begunHere = [];
        private int _interrupted;

        public async Task RunAsync(Func<Random, int> nextDeath)
        {
            SynchronizationContext.SetSynchronizationContext(null);
            // Thousands of commits, each synced: in memory where there is such a place. What is on disk is the same bytes.
            var place = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
            var directory = Directory.CreateDirectory(Path.Combine(place, $"sluice-runs-{Environment.ProcessId}-{seed}")).FullName;
            try
            {
                var dag = RandomDag();
                var deaths = 0;
                for (var process = 0; ; process++)
                {
                    process.ShouldBeLessThan(500, Describe("the run never ends"));
                    // A process without a death lets a run end whose transitions all fall on deaths.
                    var death = deaths < 40 ? nextDeath(_random) : int.MaxValue;
                    var result = await LiveAsync(dag, directory, process, death);
                    if (result is null)
                    {
                        deaths++;
                        continue;
                    }
                    Check(dag, result);
                    return;
                }
            }
            finally
            {
                Directory.Delete(directory, recursive: true);
            }
        }

        /// <summary>One process: null when it died, else the finished run.</summary>
        private async Task<DagRun?> LiveAsync(DagSpec dag, string directory, int process, int death)
        {
            _trace.Add($"process {process} dies at commit point {death}");
            _begunHere.Clear();
            var home = Path.Combine(directory, $"{process}");
            Inherit(Path.Combine(directory, $"{process - 1}"), home);
            using var store = RunStore.Open(Path.Combine(home, "runs.db"), $"process {process}");
            NoteRecorded(store, dag);
            var points = 0;
            var dead = false;
            store.AtCommit = (point, what) =>
            {
                if (!dead && ++points >= death)
                {
                    dead = true;
                    _trace.Add($"died {point} {what}");
                    // The transaction of a death before the commit is still open here, and so not in what is copied.
                    Inherit(home, Path.Combine(directory, $"{process}-dead"));
                }
                if (dead)
                    throw new ProcessDeath();
                if (point == RunStore.CommitPoint.After)
                    NoteRecorded(store, dag);
            };
            var scheduler = new Scheduler(store, [dag], (run, stop) => ExecuteAsync(dag, store, run, stop), _time, NullLogger.Instance,
                new SchedulerOptions { ParallelTasks = 1 + (seed % 4), Launch = start => start() });
            try
            {
                var work = scheduler.RunNowAsync(dag.Name, _time.Start, CancellationToken.None);
                while (!work.IsCompleted)
                    _time.Advance(TimeSpan.FromSeconds(7));
                return (await work).Run;
            }
            catch (ProcessDeath)
            {
                Directory.Delete(home, recursive: true);
                Directory.Move(Path.Combine(directory, $"{process}-dead"), home);
                return null;
            }
        }

        private void NoteRecorded(RunStore store, DagSpec dag)
        {
            var tasks = store.Find(dag.Name, _time.Start)?.Tasks ?? [];
            _recorded.UnionWith(tasks.Where(task => task.State == TaskState.Success).Select(task => task.Task));
        }

        private async Task<TaskResult> ExecuteAsync(DagSpec dag, RunStore store, TaskRun run, CancellationToken stop)
        {
            _trace.Add($"try {run.TryNumber} of {run.Task} under fence {run.Fence}");
            run.Fence.ShouldBe(store.Fence, Describe("a try began under another fence"));
            _recorded.ShouldNotContain(run.Task, Describe($"{run.Task} ran again though its success was recorded"));
            var states = store.Find(run.RunId)!.Tasks.ToDictionary(task => task.Task, task => task.State);
            foreach (var upstream in dag.Tasks.Single(task => task.Name == run.Task).DependsOn)
                states[upstream].ShouldBe(TaskState.Success, Describe($"{run.Task} ran before {upstream}"));
            states[run.Task].ShouldBe(TaskState.Running, Describe($"{run.Task} ran before that was recorded"));
            if (!_begunHere.Add($"{run.Task} {run.TryNumber}"))
                throw new InvalidOperationException(Describe("one try began twice"));
            _tries[run.Task] = _tries.GetValueOrDefault(run.Task) + 1;
            try
            {
                await Task.Delay(TimeSpan.FromSeconds(1 + (Hash(run.Task, run.TryNumber) % 50)), _time, stop);
            }
            catch (OperationCanceledException)
            {
                _interrupted++;
                throw;
            }
            return Hash(run.Task, run.TryNumber) % 5 == 0 ? TaskResult.Failure("bad luck") : TaskResult.Success($"{run.TryNumber}");
        }

        private void Check(DagSpec dag, DagRun run)
        {
            run.State.ShouldBe(RunState.Success, Describe("the run failed"));
            run.Tasks.Count.ShouldBe(dag.Tasks.Count);
            foreach (var task in run.Tasks)
            {
                task.State.ShouldBe(TaskState.Success, Describe(task.Task));
                // Each try is accounted for: one success, the failures, and what the deaths cut off.
                _tries[task.Task].ShouldBeLessThanOrEqualTo(task.TryNumber, Describe($"{task.Task} ran more often than recorded"));
            }
        }

        /// <summary>Copies what is on disk; an open connection holds nothing back that a commit has promised.</summary>
        private static void Inherit(string from, string to)
        {
            Directory.CreateDirectory(to);
            foreach (var name in new[] { "runs.db", "runs.db-wal" })
            {
                if (File.Exists(Path.Combine(from, name)))
                    File.Copy(Path.Combine(from, name), Path.Combine(to, name), overwrite: true);
            }
        }

        private DagSpec RandomDag()
        {
            var tasks = new List<TaskSpec>();
            var density = _random.NextDouble();
            for (var i = _random.Next(1, 10); i > 0; i--)
                tasks.Add(new($"t{tasks.Count}", [.. tasks.Where(_ => _random.NextDouble() < density).Select(task => task.Name)]));
            return new DagSpec
            {
                Name = "random",
                Retries = 10,
                RetryDelay = TimeSpan.FromSeconds(_random.Next(0, 120)),
                DependsOnPast = _random.Next(2) == 0,
                Tasks = [.. tasks.OrderBy(_ => _random.Next())],
            };
        }

        private int Hash(string task, int tryNumber) => Math.Abs((((seed * 31) + int.Parse(task[1..])) * 31) + (tryNumber * 7));

        private string Describe(string what) =>
            $"seed {seed}: {what}; {_interrupted} tries cut off\n{string.Join('\n', _trace.TakeLast(40))}";
    }
}

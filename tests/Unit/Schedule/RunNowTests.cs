using Sluice.Schedule;

namespace Sluice.Unit.Schedule;

public sealed class RunNowTests
{
    private static readonly TimeSpan s_retryDelay = TimeSpan.FromMinutes(30);
    private static readonly DateTimeOffset s_date = ScheduleRig.Utc("2026-03-09T00:00:00Z");
    private static readonly CancellationToken s_never = CancellationToken.None;

    [Fact]
    public async Task Tasks_run_after_those_they_depend_on()
    {
        using var rig = new ScheduleRig();
        var result = await rig.Scheduler(ScheduleRig.Dag("d<b+c", "c<a", "b<a", "a")).RunNowAsync("daily", s_date, s_never);
        result.Run.State.ShouldBe(RunState.Success);
        rig.Executed.Count.ShouldBe(4);
        rig.Executed[0].ShouldBe("a");
        rig.Executed[3].ShouldBe("d");
    }

    [Fact]
    public async Task A_run_that_succeeded_answers_so_and_executes_nothing()
    {
        using var rig = new ScheduleRig();
        var scheduler = rig.Scheduler(ScheduleRig.Dag("a"));
        (await scheduler.RunNowAsync("daily", s_date, s_never)).AlreadyDone.ShouldBeFalse();
        var again = await scheduler.RunNowAsync("daily", s_date, s_never);
        again.AlreadyDone.ShouldBeTrue();
        again.Run.State.ShouldBe(RunState.Success);
        rig.Executed.ShouldBe(["a"]);
    }

    [Fact]
    public async Task A_failure_stops_what_depends_on_it_and_nothing_else()
    {
        using var rig = new ScheduleRig();
        rig.Fail("b", 1);
        var result = await rig.Scheduler(ScheduleRig.Dag("a", "b", "c<b", "d<c", "e<a")).RunNowAsync("daily", s_date, s_never);
        result.Run.State.ShouldBe(RunState.Failed);
        States(result).ShouldBe("a=success b=failed c=upstream_failed d=upstream_failed e=success");
        result.Run.Tasks[1].Error.ShouldBe("no luck");
    }

    [Fact]
    public async Task A_failed_run_asked_for_again_runs_only_what_has_not_succeeded()
    {
        using var rig = new ScheduleRig();
        rig.Fail("b", 1);
        var scheduler = rig.Scheduler(ScheduleRig.Dag("a", "b", "c<b"));
        await scheduler.RunNowAsync("daily", s_date, s_never);
        rig.Executed.Clear();
        var result = await scheduler.RunNowAsync("daily", s_date, s_never);
        States(result).ShouldBe("a=success b=success c=success");
        rig.Executed.ShouldBe(["b", "c"]);
        result.Run.Tasks[1].TryNumber.ShouldBe(2);
        result.Run.Tasks[1].Error.ShouldBeNull();
    }

    [Fact]
    public async Task A_skipped_task_skips_what_depends_on_it_and_the_run_succeeds()
    {
        using var rig = new ScheduleRig();
        rig.Tasks["a"] = (_, _) => Task.FromResult(TaskResult.Skip("no new objects"));
        var result = await rig.Scheduler(ScheduleRig.Dag("a", "b<a", "c")).RunNowAsync("daily", s_date, s_never);
        States(result).ShouldBe("a=skipped b=skipped c=success");
        result.Run.State.ShouldBe(RunState.Success);
    }

    [Fact]
    public async Task A_failed_task_is_tried_again_after_the_delay_and_as_often_as_allowed()
    {
        using var rig = new ScheduleRig();
        rig.Fail("a", 2);
        var starts = new List<DateTimeOffset>();
        var tryTask = rig.Tasks["a"];
        rig.Tasks["a"] = (run, stop) =>
        {
            starts.Add(rig.Time.GetUtcNow());
            return tryTask(run, stop);
        };
        var dag = ScheduleRig.Dag("a") with { Retries = 2, RetryDelay = TimeSpan.FromMinutes(5) };
        var result = await rig.FinishAsync(rig.Scheduler(dag).RunNowAsync("daily", s_date, s_never));
        result.Run.State.ShouldBe(RunState.Success);
        result.Run.Tasks[0].TryNumber.ShouldBe(3);
        (starts[1] - starts[0]).ShouldBe(TimeSpan.FromMinutes(5));
        (starts[2] - starts[1]).ShouldBe(TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task Retries_run_out()
    {
        using var rig = new ScheduleRig();
        rig.Fail("a", 3);
        var dag = ScheduleRig.Dag("a") with { Retries = 2, RetryDelay = TimeSpan.FromSeconds(1) };
        var result = await rig.FinishAsync(rig.Scheduler(dag).RunNowAsync("daily", s_date, s_never));
        result.Run.State.ShouldBe(RunState.Failed);
        rig.Executed.Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_failure_that_another_try_cannot_mend_is_not_tried_again()
    {
        using var rig = new ScheduleRig();
        rig.Tasks["a"] = (_, _) => Task.FromResult(TaskResult.Failure("the schema does not fit", retry: false));
        var dag = ScheduleRig.Dag("a") with { Retries = 5, RetryDelay = TimeSpan.FromHours(1) };
        (await rig.Scheduler(dag).RunNowAsync("daily", s_date, s_never)).Run.State.ShouldBe(RunState.Failed);
        rig.Executed.Count.ShouldBe(1);
    }

    [Fact]
    public async Task The_time_of_the_next_try_survives_the_process() =>
        (await WaitOfTheNextProcessAsync(TimeSpan.Zero)).ShouldBe(s_retryDelay);

    /// <summary>By more than a timer can hold, and by more than the delay alone.</summary>
    [Theory]
    [InlineData(400 * 24)]
    [InlineData(2)]
    public async Task A_next_try_noted_by_a_clock_that_was_ahead_is_due(int hoursAhead) =>
        (await WaitOfTheNextProcessAsync(TimeSpan.FromHours(hoursAhead))).ShouldBeLessThan(s_retryDelay);

    /// <summary>How long a run that a stop cut off before its second try takes in the next process, whose clock is set back first.</summary>
    private static async Task<TimeSpan> WaitOfTheNextProcessAsync(TimeSpan setBack)
    {
        using var rig = new ScheduleRig();
        rig.Fail("a", 1);
        var dag = ScheduleRig.Dag("a") with { Retries = 1, RetryDelay = s_retryDelay };
        using var stop = new CancellationTokenSource();
        var cut = rig.Scheduler(dag).RunNowAsync("daily", s_date, stop.Token);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(cut);
        rig.Store.Dispose();
        rig.Reopen();
        rig.Time.AdjustTime(rig.Time.GetUtcNow() - setBack);

        var began = rig.Time.GetUtcNow();
        (await rig.FinishAsync(rig.Scheduler(dag).RunNowAsync("daily", s_date, s_never), stepSeconds: 60)).Run.State.ShouldBe(RunState.Success);
        return rig.Time.GetUtcNow() - began;
    }

    [Fact]
    public async Task An_exception_is_a_failure_with_its_message()
    {
        using var rig = new ScheduleRig();
        rig.Tasks["a"] = (_, _) => throw new InvalidDataException("row 5 is torn");
        var result = await rig.Scheduler(ScheduleRig.Dag("a")).RunNowAsync("daily", s_date, s_never);
        result.Run.Tasks[0].Error.ShouldBe("InvalidDataException: row 5 is torn");
        rig.Log.Entries.ShouldContain(entry => entry.Level == Microsoft.Extensions.Logging.LogLevel.Error);
    }

    [Fact]
    public async Task Outputs_reach_the_tasks_directly_behind()
    {
        using var rig = new ScheduleRig();
        rig.Tasks["a"] = (_, _) => Task.FromResult(TaskResult.Success("{\"version\":7}"));
        var result = await rig.Scheduler(ScheduleRig.Dag("a", "b<a", "c<b")).RunNowAsync("daily", s_date, s_never);
        rig.Tries.Single(run => run.Task == "b").Upstream["a"].ShouldBe("{\"version\":7}");
        rig.Tries.Single(run => run.Task == "c").Upstream.ShouldBeEmpty();
        result.Run.Tasks[0].Output.ShouldBe("{\"version\":7}");
    }

    [Theory]
    [InlineData(20_000, "larger than")]
    [InlineData(0, "not JSON")]
    public async Task An_output_that_is_too_large_or_no_json_fails_the_task(int length, string error)
    {
        using var rig = new ScheduleRig();
        rig.Tasks["a"] = (_, _) => Task.FromResult(TaskResult.Success(length == 0 ? "{" : $"\"{new string('x', length)}\""));
        var result = await rig.Scheduler(ScheduleRig.Dag("a") with { Retries = 3 }).RunNowAsync("daily", s_date, s_never);
        result.Run.State.ShouldBe(RunState.Failed);
        result.Run.Tasks[0].Error!.ShouldContain(error);
        rig.Executed.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task No_more_tasks_run_at_once_than_allowed(int parallel)
    {
        using var rig = new ScheduleRig();
        var (now, most) = (0, 0);
        var names = Enumerable.Range(0, 8).Select(i => $"t{i}").ToArray();
        foreach (var name in names)
        {
            rig.Tasks[name] = async (_, stop) =>
            {
                most = Math.Max(most, ++now);
                await Task.Delay(TimeSpan.FromSeconds(10), rig.Time, stop);
                now--;
                return TaskResult.Success();
            };
        }
        var result = await rig.FinishAsync(rig.Scheduler(ScheduleRig.Dag(names), parallel).RunNowAsync("daily", s_date, s_never));
        result.Run.State.ShouldBe(RunState.Success);
        most.ShouldBe(parallel);
    }

    [Fact]
    public async Task A_stop_marks_running_tasks_for_another_try_that_costs_no_retry()
    {
        using var rig = new ScheduleRig();
        rig.Tasks["b"] = async (_, stop) =>
        {
            await Task.Delay(TimeSpan.FromHours(1), rig.Time, stop);
            return TaskResult.Success();
        };
        var dag = ScheduleRig.Dag("a", "b<a", "c<b");
        using var stop = new CancellationTokenSource();
        var cut = rig.Scheduler(dag).RunNowAsync("daily", s_date, stop.Token);
        await rig.UntilAsync(() => rig.Executed.Contains("b"));
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(cut);
        var found = rig.Store.Find("daily", s_date)!;
        found.State.ShouldBe(RunState.Running);
        found.Tasks.Select(task => task.State).ShouldBe([TaskState.Success, TaskState.UpForRetry, TaskState.None]);

        rig.Tasks.Clear();
        rig.Executed.Clear();
        (await rig.Scheduler(dag).RunNowAsync("daily", s_date, s_never)).Run.State.ShouldBe(RunState.Success);
        rig.Executed.ShouldBe(["b", "c"]);
    }

    [Fact]
    public async Task A_task_that_always_ends_its_process_fails_in_the_end()
    {
        using var rig = new ScheduleRig();
        var dag = ScheduleRig.Dag("a");
        for (var death = 1; death <= ScheduleLimits.Interruptions; death++)
        {
            // A try that never ends and is never waited for: what a dead process leaves behind.
            rig.Tasks["a"] = (_, _) => new TaskCompletionSource<TaskResult>().Task;
            _ = rig.Scheduler(dag).RunNowAsync("daily", s_date, s_never);
            rig.Executed.Count.ShouldBe(death);
            rig.Store.Dispose();
            rig.Reopen($"process {death}");
        }
        rig.Tasks.Clear();
        var result = await rig.Scheduler(dag).RunNowAsync("daily", s_date, s_never);
        result.Run.State.ShouldBe(RunState.Failed);
        result.Run.Tasks[0].Error.ShouldBe($"its process ended while it ran ({ScheduleLimits.Interruptions} times)");
        rig.Executed.Count.ShouldBe(ScheduleLimits.Interruptions);
    }

    [Fact]
    public async Task An_unfinished_run_follows_the_dag_as_it_is()
    {
        using var rig = new ScheduleRig();
        rig.Fail("b", 1);
        await rig.Scheduler(ScheduleRig.Dag("a", "b", "old<b")).RunNowAsync("daily", s_date, s_never);
        rig.Executed.Clear();
        var result = await rig.Scheduler(ScheduleRig.Dag("a", "b", "new<a+b")).RunNowAsync("daily", s_date, s_never);
        rig.Executed.ShouldBe(["b", "new"]);
        result.Run.State.ShouldBe(RunState.Success);
        result.Run.Tasks.Single(task => task.Task == "old").State.ShouldBe(TaskState.Skipped);
    }

    [Fact]
    public async Task An_unknown_dag_is_refused_with_the_names_there_are()
    {
        using var rig = new ScheduleRig();
        (await Should.ThrowAsync<ScheduleException>(rig.Scheduler(ScheduleRig.Dag("a")).RunNowAsync("nightly", s_date, s_never)))
            .Message.ShouldBe("There is no DAG 'nightly': take one of daily.");
    }

    [Fact]
    public async Task A_backfill_runs_each_interval_once_and_in_order()
    {
        using var rig = new ScheduleRig();
        var scheduler = rig.Scheduler(ScheduleRig.Dag("a") with { Schedule = "@daily" });
        await scheduler.RunNowAsync("daily", s_date, s_never);
        var results = await scheduler.BackfillAsync("daily", new(2026, 3, 8), new(2026, 3, 10), s_never);
        results.Select(result => result.Run.LogicalDate.Day).ShouldBe([8, 9, 10]);
        results.Select(result => result.AlreadyDone).ShouldBe([false, true, false]);
        rig.Tries.Select(run => run.Trigger).ShouldBe([RunTrigger.Manual, RunTrigger.Backfill, RunTrigger.Backfill]);
    }

    internal static string States(RunResult result) =>
        string.Join(' ', result.Run.Tasks.OrderBy(task => task.Task).Select(task => $"{task.Task}={task.State.ToText()}"));
}

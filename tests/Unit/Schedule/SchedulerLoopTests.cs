using Microsoft.Extensions.Logging;
using Sluice.Schedule;

namespace Sluice.Unit.Schedule;

public sealed class SchedulerLoopTests
{
    [Fact]
    public async Task A_run_starts_when_its_interval_ends()
    {
        using var rig = new ScheduleRig("2026-03-10T23:59:00Z");
        await WhileRunningAsync(rig, ScheduleRig.Dag("a") with { Schedule = "@daily" }, async () =>
        {
            await rig.UntilAsync(() => rig.Executed.Count == 1);
            rig.Time.GetUtcNow().ShouldBe(ScheduleRig.Utc("2026-03-11T00:00:00Z"));
        });
        rig.Tries[0].LogicalDate.ShouldBe(ScheduleRig.Utc("2026-03-10T00:00:00Z"));
        rig.Tries[0].Interval.End.ShouldBe(ScheduleRig.Utc("2026-03-11T00:00:00Z"));
        rig.Tries[0].Trigger.ShouldBe(RunTrigger.Schedule);
    }

    [Fact]
    public async Task Every_day_gets_one_run_through_the_change_of_the_clocks()
    {
        Zones.Require("Europe/London");
        using var rig = new ScheduleRig("2026-03-27T12:00:00Z");
        var dag = ScheduleRig.Dag("a") with { Schedule = "30 1 * * *", TimeZone = "Europe/London" };
        await WhileRunningAsync(rig, dag, () => rig.UntilAsync(() => rig.Executed.Count == 4, stepSeconds: 300));
        rig.Tries.Select(run => run.Interval.End).ShouldBe(
        [
            ScheduleRig.Utc("2026-03-28T01:30:00Z"), ScheduleRig.Utc("2026-03-29T01:00:00Z"),
            ScheduleRig.Utc("2026-03-30T00:30:00Z"), ScheduleRig.Utc("2026-03-31T00:30:00Z"),
        ]);
    }

    [Theory]
    [InlineData(false, "9")]
    [InlineData(true, "5 6 7 8 9")]
    public async Task After_a_pause_catchup_decides_which_intervals_run(bool catchup, string days)
    {
        using var rig = new ScheduleRig("2026-03-05T12:00:00Z");
        var dag = ScheduleRig.Dag("a") with { Schedule = "@daily", Catchup = catchup };
        await WhileRunningAsync(rig, dag, () => Task.CompletedTask);
        rig.Store.Dispose();
        rig.Reopen();
        rig.Time.SetUtcNow(ScheduleRig.Utc("2026-03-10T12:00:00Z"));
        await WhileRunningAsync(rig, dag, () => rig.UntilAsync(() => rig.Time.GetUtcNow() > ScheduleRig.Utc("2026-03-10T12:10:00Z")));
        string.Join(' ', rig.Tries.Select(run => run.LogicalDate.Day)).ShouldBe(days);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_schedule_goes_on_after_a_clock_that_was_ahead_is_corrected(bool catchup)
    {
        using var rig = new ScheduleRig("2027-03-10T23:59:00Z");
        var dag = ScheduleRig.Dag("a") with { Schedule = "@daily", Catchup = catchup };
        await WhileRunningAsync(rig, dag, () => rig.UntilAsync(() => rig.Executed.Count == 1));
        rig.Store.Dispose();
        rig.Reopen();
        rig.Time.AdjustTime(ScheduleRig.Utc("2026-03-10T12:00:00Z"));
        await WhileRunningAsync(rig, dag, () => rig.UntilAsync(() => rig.Time.GetUtcNow() > ScheduleRig.Utc("2026-03-12T00:10:00Z"), stepSeconds: 300));
        rig.Tries.Select(run => run.LogicalDate).ShouldBe(
            [ScheduleRig.Utc("2027-03-10T00:00:00Z"), ScheduleRig.Utc("2026-03-10T00:00:00Z"), ScheduleRig.Utc("2026-03-11T00:00:00Z")]);
    }

    [Fact]
    public async Task What_a_dead_process_left_is_finished_without_running_a_finished_task_again()
    {
        using var rig = new ScheduleRig();
        var dag = ScheduleRig.Dag("a", "b<a", "c<b");
        rig.Tasks["b"] = (_, _) => new TaskCompletionSource<TaskResult>().Task;
        _ = rig.Scheduler(dag).RunNowAsync("daily", rig.Time.GetUtcNow(), CancellationToken.None);
        rig.Executed.ShouldBe(["a", "b"]);
        rig.Store.Dispose();
        rig.Reopen();
        rig.Tasks.Clear();
        await WhileRunningAsync(rig, dag, () => rig.UntilAsync(() => rig.Executed.Count == 4));
        rig.Executed.ShouldBe(["a", "b", "b", "c"]);
        rig.Log.Entries.ShouldContain(entry => entry.Level == LogLevel.Warning && entry.Text.Contains("daily.b"));
    }

    [Fact]
    public async Task A_dag_executes_one_run_at_a_time()
    {
        using var rig = new ScheduleRig();
        var first = new TaskCompletionSource<TaskResult>();
        rig.Tasks["a"] = (run, _) => rig.Tries.Count == 1 ? first.Task : Task.FromResult(TaskResult.Success());
        var scheduler = rig.Scheduler(ScheduleRig.Dag("a"));
        var one = scheduler.RunNowAsync("daily", rig.Time.GetUtcNow(), CancellationToken.None);
        var two = scheduler.RunNowAsync("daily", rig.Time.GetUtcNow().AddDays(1), CancellationToken.None);
        rig.Executed.Count.ShouldBe(1);
        first.SetResult(TaskResult.Success());
        (await rig.FinishAsync(one)).Run.State.ShouldBe(RunState.Success);
        (await rig.FinishAsync(two)).Run.State.ShouldBe(RunState.Success);
        rig.Executed.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_held_run_goes_on_when_its_past_has_succeeded()
    {
        using var rig = new ScheduleRig("2026-03-10T23:59:00Z");
        rig.Fail("a", 1);
        var dag = ScheduleRig.Dag("a") with { Schedule = "@daily", DependsOnPast = true };
        var scheduler = rig.Scheduler(dag);
        await WhileRunningAsync(rig, scheduler, async () =>
        {
            await rig.UntilAsync(() => rig.Time.GetUtcNow() > ScheduleRig.Utc("2026-03-12T00:01:00Z"), stepSeconds: 900);
            rig.Executed.Count.ShouldBe(1);
            var mended = scheduler.RunNowAsync("daily", ScheduleRig.Utc("2026-03-10T00:00:00Z"), CancellationToken.None);
            (await rig.FinishAsync(mended)).Run.State.ShouldBe(RunState.Success);
            await rig.UntilAsync(() => rig.Executed.Count == 3);
        });
        rig.Tries.Select(run => run.LogicalDate.Day).ShouldBe([10, 10, 11]);
        rig.Log.Entries.Count(entry => entry.Text.Contains("is held")).ShouldBe(1);
    }

    [Fact]
    public async Task A_schedule_that_was_taken_over_stops()
    {
        using var rig = new ScheduleRig();
        using var stale = rig.Store;
        var scheduler = rig.Scheduler(ScheduleRig.Dag("a") with { Schedule = "@hourly" });
        rig.Reopen();
        await Should.ThrowAsync<StaleOwnerException>(scheduler.RunAsync(CancellationToken.None));
        scheduler.Health.Healthy.ShouldBeFalse();
    }

    [Fact]
    public void The_watchdog_speaks_up_once_when_the_loop_stops_looking_at_the_clock()
    {
        using var rig = new ScheduleRig();
        using var watchdog = new Watchdog(rig.Time, new SchedulerOptions { TickInterval = TimeSpan.FromSeconds(5), SilentTicks = 3 }, rig.Log);
        rig.Time.Advance(TimeSpan.FromSeconds(15));
        watchdog.Health.Healthy.ShouldBeTrue();
        rig.Log.Entries.ShouldBeEmpty();

        rig.Time.Advance(TimeSpan.FromSeconds(60));
        watchdog.Health.ShouldBe(new SchedulerHealth(false, ScheduleRig.Utc("2026-03-10T12:00:00Z")));
        rig.Log.Entries.ShouldHaveSingleItem().Level.ShouldBe(LogLevel.Error);

        watchdog.Tick();
        watchdog.Health.Healthy.ShouldBeTrue();
        rig.Time.Advance(TimeSpan.FromSeconds(5));
        rig.Log.Entries.Count.ShouldBe(2);
        rig.Log.Entries[1].Text.ShouldContain("is back");
    }

    private static Task WhileRunningAsync(ScheduleRig rig, DagSpec dag, Func<Task> body) => WhileRunningAsync(rig, rig.Scheduler(dag), body);

    private static async Task WhileRunningAsync(ScheduleRig rig, Scheduler scheduler, Func<Task> body)
    {
        using var stop = new CancellationTokenSource();
        var loop = scheduler.RunAsync(stop.Token);
        await body();
        scheduler.Health.Healthy.ShouldBeTrue();
        await stop.CancelAsync();
        await loop;
        scheduler.Health.Healthy.ShouldBeFalse();
    }
}

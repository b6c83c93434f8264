using Sluice.Schedule;

namespace Sluice.Unit.Schedule;

/// <summary>depends_on_past looks at the run with the next smaller logical date, whatever triggered either run.</summary>
public sealed class DependsOnPastTests
{
    private static readonly DateTimeOffset s_first = ScheduleRig.Utc("2026-03-08T00:00:00Z");
    private static readonly CancellationToken s_never = CancellationToken.None;
    private static readonly DagSpec s_dag = ScheduleRig.Dag("a", "b<a", "c") with { DependsOnPast = true, Schedule = "@daily" };

    [Fact]
    public async Task A_task_waits_for_its_own_success_in_the_run_before()
    {
        using var rig = new ScheduleRig();
        rig.Fail("a", 1);
        var scheduler = rig.Scheduler(s_dag);
        await scheduler.RunNowAsync("daily", s_first, s_never);
        var held = await scheduler.RunNowAsync("daily", s_first.AddDays(1), s_never);
        held.Run.State.ShouldBe(RunState.Running);
        RunNowTests.States(held).ShouldBe("a=scheduled b=none c=success");
        held.Held.ShouldContain("a waits for its own success in the run of 2026-03-08T00:00Z, where it is failed");

        (await scheduler.RunNowAsync("daily", s_first, s_never)).Run.State.ShouldBe(RunState.Success);
        rig.Executed.Clear();
        var released = await scheduler.RunNowAsync("daily", s_first.AddDays(1), s_never);
        released.Run.State.ShouldBe(RunState.Success);
        rig.Executed.ShouldBe(["a", "b"]);
    }

    [Fact]
    public async Task The_first_run_has_no_past_to_wait_for()
    {
        using var rig = new ScheduleRig();
        (await rig.Scheduler(s_dag).RunNowAsync("daily", s_first, s_never)).Run.State.ShouldBe(RunState.Success);
    }

    [Fact]
    public async Task A_gap_in_the_dates_is_no_obstacle()
    {
        using var rig = new ScheduleRig();
        var scheduler = rig.Scheduler(s_dag);
        await scheduler.RunNowAsync("daily", s_first, s_never);
        (await scheduler.RunNowAsync("daily", s_first.AddDays(9), s_never)).Run.State.ShouldBe(RunState.Success);
    }

    [Fact]
    public async Task A_skipped_task_counts_as_done_and_a_new_task_has_no_past()
    {
        using var rig = new ScheduleRig();
        rig.Tasks["a"] = (_, _) => Task.FromResult(TaskResult.Skip("nothing new"));
        await rig.Scheduler(s_dag).RunNowAsync("daily", s_first, s_never);
        rig.Tasks.Clear();
        var dag = s_dag with { Tasks = [.. s_dag.Tasks, new TaskSpec("new", [])] };
        (await rig.Scheduler(dag).RunNowAsync("daily", s_first.AddDays(1), s_never)).Run.State.ShouldBe(RunState.Success);
    }

    [Fact]
    public async Task A_backfill_ends_at_the_run_that_the_next_would_wait_for()
    {
        using var rig = new ScheduleRig();
        rig.Fail("a", 1);
        var results = await rig.Scheduler(s_dag).BackfillAsync("daily", new(2026, 3, 8), new(2026, 3, 10), s_never);
        results.ShouldHaveSingleItem().Run.State.ShouldBe(RunState.Failed);
    }
}

using Microsoft.Data.Sqlite;
using Sluice.Schedule;

namespace Sluice.Unit.Schedule;

public sealed class RunStoreTests
{
    private static readonly DateTimeOffset s_now = ScheduleRig.Utc("2026-03-10T12:00:00Z");

    [Fact]
    public void A_stale_owner_cannot_complete_a_task()
    {
        using var rig = new ScheduleRig();
        using var stale = rig.Store;
        var run = Begin(stale, ScheduleRig.Dag("a"));
        var running = Running(stale, run.Tasks[0]);
        stale.Apply(run.Id, [new(run.Tasks[0], running)], "start");

        rig.Reopen();
        Should.Throw<StaleOwnerException>(() => stale.Apply(run.Id, [new(running, running with { State = TaskState.Success })], "end"))
            .Message.ShouldContain("belongs to second");
        rig.Store.Find(run.Id)!.Tasks[0].State.ShouldBe(TaskState.Running);
    }

    [Fact]
    public void A_try_that_was_taken_over_cannot_be_completed_by_its_old_fence()
    {
        using var rig = new ScheduleRig();
        var dag = ScheduleRig.Dag("a");
        var run = Begin(rig.Store, dag);
        var old = Running(rig.Store, run.Tasks[0]);
        rig.Store.Apply(run.Id, [new(run.Tasks[0], old)], "start");
        rig.Store.Dispose();

        var taken = Begin(rig.Reopen(), dag);
        var again = Running(rig.Store, taken.Tasks[0]);
        rig.Store.Apply(run.Id, [new(taken.Tasks[0], again)], "start");
        again.Fence.ShouldBeGreaterThan(old.Fence);
        Should.Throw<StaleOwnerException>(() => rig.Store.Apply(run.Id, [new(old, old with { State = TaskState.Success })], "end"))
            .Message.ShouldContain("Task a");
    }

    [Fact]
    public void Transitions_of_one_call_are_recorded_all_or_none()
    {
        using var rig = new ScheduleRig();
        var run = Begin(rig.Store, ScheduleRig.Dag("a", "b"));
        var (a, b) = (run.Tasks[0], run.Tasks[1]);
        Should.Throw<StaleOwnerException>(() => rig.Store.Apply(run.Id,
            [new(a, a with { State = TaskState.Queued }), new(b with { TryNumber = 7 }, b with { State = TaskState.Queued })], "two"));
        rig.Store.Find(run.Id)!.Tasks.ShouldAllBe(task => task.State == TaskState.None);
    }

    [Fact]
    public void Everything_recorded_is_there_after_reopening()
    {
        using var rig = new ScheduleRig();
        var run = Begin(rig.Store, ScheduleRig.Dag("a"));
        var task = new TaskInstance(
            "a", TaskState.UpForRetry, 3, 2, 1, s_now, s_now.AddSeconds(1.5), s_now.AddMinutes(5), "me", 1, "no luck", "{\"rows\":5}");
        rig.Store.Apply(run.Id, [new(run.Tasks[0], task)], "all columns");
        rig.Store.Dispose();
        var found = rig.Reopen().Find(run.Id)!;
        found.Tasks.ShouldBe([task]);
        found.Tasks[0].Duration.ShouldBe(TimeSpan.FromSeconds(1.5));
        found.Interval.ShouldBe(new DataInterval(s_now, s_now.AddDays(1)));
    }

    [Fact]
    public void A_file_of_a_newer_layout_is_refused_and_left_alone()
    {
        using var rig = new ScheduleRig();
        rig.Store.Dispose();
        using (var connection = new SqliteConnection($"Data Source={rig.Path};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 99";
            command.ExecuteNonQuery();
        }
        Should.Throw<ScheduleException>(() => rig.Reopen()).Message.ShouldContain("has layout 99");
        Should.Throw<ScheduleException>(() => RunHistory.Read(rig.Path, null, 10));
    }

    [Fact]
    public void History_reads_beside_the_owner_newest_first_and_takes_nothing_over()
    {
        using var rig = new ScheduleRig();
        RunHistory.Read(rig.Path + ".none", null, 10).ShouldBeEmpty();
        var dag = ScheduleRig.Dag("b<a", "a");
        for (var day = 0; day < 3; day++)
            rig.Store.Request(dag, s_now.AddDays(day), new(s_now, s_now), RunTrigger.Manual, s_now.AddHours(day));
        rig.Store.Request(dag with { Name = "other" }, s_now, new(s_now, s_now), RunTrigger.Backfill, s_now);

        RunHistory.Read(rig.Path, "daily", 2).Select(run => run.LogicalDate).ShouldBe([s_now.AddDays(2), s_now.AddDays(1)]);
        RunHistory.Read(rig.Path, null, 10).Count.ShouldBe(4);
        RunHistory.Read(rig.Path, "other", 10).ShouldHaveSingleItem().Tasks.Select(task => task.Task).ShouldBe(["a", "b"]);
        Should.NotThrow(() => rig.Store.Finish(1, RunState.Success, s_now));
    }

    [Fact]
    public void An_interval_that_was_run_by_hand_gets_no_second_run()
    {
        using var rig = new ScheduleRig();
        var dag = ScheduleRig.Dag("a");
        var interval = new DataInterval(s_now, s_now.AddDays(1));
        rig.Store.Register("daily", s_now);
        rig.Store.Request(dag, interval.Start, interval, RunTrigger.Manual, s_now);
        rig.Store.CreateScheduled(dag, interval, s_now.AddDays(1));
        RunHistory.Read(rig.Path, null, 10).ShouldHaveSingleItem().Trigger.ShouldBe(RunTrigger.Manual);
        rig.Store.Register("daily", interval.End).NextInterval.ShouldBe(interval.End);
    }

    [Fact]
    public void Intervals_that_a_wrong_clock_ended_are_no_place_to_go_on_from()
    {
        using var rig = new ScheduleRig();
        var dag = ScheduleRig.Dag("a");
        rig.Store.Register("daily", s_now);
        Schedule(s_now);
        Schedule(s_now.AddYears(1));
        // It was ahead, and no day is lost.
        rig.Store.Register("daily", s_now.AddDays(3)).NextInterval.ShouldBe(s_now.AddDays(1));

        rig.Store.Register("daily", DateTimeOffset.UnixEpoch).NextInterval.ShouldBeNull();
        Schedule(DateTimeOffset.UnixEpoch);
        // It was behind, and no decades are caught up on.
        rig.Store.Register("daily", s_now.AddDays(3)).NextInterval.ShouldBe(s_now.AddDays(1));

        void Schedule(DateTimeOffset start) => rig.Store.CreateScheduled(dag, new(start, start.AddDays(1)), start.AddDays(1));
    }

    private static DagRun Begin(RunStore store, DagSpec dag)
    {
        var run = store.Request(dag, s_now, new(s_now, s_now.AddDays(1)), RunTrigger.Manual, s_now);
        return store.Begin(run.Id, dag, s_now, out _);
    }

    private static TaskInstance Running(RunStore store, TaskInstance task) =>
        task with { State = TaskState.Running, TryNumber = task.TryNumber + 1, Owner = store.Owner, Fence = store.Fence };
}

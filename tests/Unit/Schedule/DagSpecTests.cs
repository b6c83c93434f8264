using Sluice.Schedule;

namespace Sluice.Unit.Schedule;

public sealed class DagSpecTests
{
    [Fact]
    public void All_faults_are_told_at_once()
    {
        var dag = ScheduleRig.Dag("a<b", "b<c", "c<a", "d<gone", "d", "bad name") with
        {
            Schedule = "61 * * * *",
            TimeZone = "Mars/Olympus",
            Retries = -1,
            RetryDelay = TimeSpan.FromDays(400),
        };
        var faults = dag.Faults();
        faults.ShouldContain(fault => fault.Contains("wait for each other: a -> b -> c -> a"));
        faults.ShouldContain(fault => fault.Contains("depends on gone"));
        faults.ShouldContain(fault => fault.Contains("several tasks called d"));
        faults.ShouldContain(fault => fault.Contains("'bad name'"));
        faults.ShouldContain(fault => fault.Contains("'61 * * * *', which is not cron"));
        faults.ShouldContain(fault => fault.Contains("Mars/Olympus"));
        faults.ShouldContain(fault => fault.Contains("-1 retries"));
        faults.ShouldContain(fault => fault.Contains("retry delay of 400."));
        faults.Count.ShouldBe(8);
    }

    [Theory]
    [InlineData("a<a", "a -> a")]
    [InlineData("x<a", "a -> b -> a", "a<b", "b<a")]
    public void A_cycle_is_told_by_its_tasks(string first, string cycle, params string[] rest) =>
        ScheduleRig.Dag([first, .. rest]).Faults().ShouldHaveSingleItem().ShouldContain($": {cycle}.");

    [Fact]
    public void A_dag_without_tasks_is_at_fault() => ScheduleRig.Dag().Faults().ShouldHaveSingleItem().ShouldContain("has no task");

    [Theory]
    [InlineData("0 0 30 2 *", "never comes")]
    [InlineData("@fortnightly", "not cron")]
    [InlineData("* * * * * *", "not cron")]
    [InlineData("", "not cron")]
    public void A_schedule_that_is_none_is_a_fault(string schedule, string fault) =>
        (ScheduleRig.Dag("a") with { Schedule = schedule }).Faults().ShouldHaveSingleItem().ShouldContain(fault);

    [Theory]
    [InlineData("@hourly")]
    [InlineData("@daily")]
    [InlineData("@weekly")]
    [InlineData("@monthly")]
    [InlineData("@yearly")]
    [InlineData("0 0 29 2 *")]
    [InlineData("*/15 9-17 * * MON-FRI")]
    [InlineData("0 0 L * *")]
    public void Cron_and_its_short_names_are_understood(string schedule) =>
        (ScheduleRig.Dag("a") with { Schedule = schedule }).Faults().ShouldBeEmpty();

    [Fact]
    public void A_scheduler_refuses_dags_with_faults_and_tells_them_all()
    {
        using var rig = new ScheduleRig();
        Should.Throw<ScheduleException>(() => rig.Scheduler(ScheduleRig.Dag("a<a", "b<gone"))).Message
            .ShouldSatisfyAllConditions(text => text.ShouldContain("a -> a"), text => text.ShouldContain("gone"));
    }

    [Fact]
    public void A_chain_of_a_thousand_tasks_is_sorted()
    {
        var tasks = Enumerable.Range(0, 1000).Reverse().Select(i => i == 0 ? "t0" : $"t{i}<t{i - 1}").ToArray();
        var dag = ScheduleRig.Dag(tasks);
        dag.Faults().ShouldBeEmpty();
        TaskOrder.Sort(dag.Tasks).Select(task => task.Name).ShouldBe(Enumerable.Range(0, 1000).Select(i => $"t{i}"));
    }

    [Theory]
    [InlineData("2026-10-31", "2026-10-31T04:00:00Z")]
    [InlineData("2026-11-01", "2026-11-01T04:00:00Z")]
    public void Each_day_around_two_midnights_has_one_interval_to_backfill(string day, string start)
    {
        Zones.Require("America/Havana");
        var date = DateOnly.Parse(day, System.Globalization.CultureInfo.InvariantCulture);
        var dag = ScheduleRig.Dag("a") with { Schedule = "@daily", TimeZone = "America/Havana" };
        Scheduler.Intervals(dag, date, date).ShouldHaveSingleItem().Start.ShouldBe(ScheduleRig.Utc(start));
    }

    [Theory]
    [InlineData(null, "UTC", "2026-03-10", "2026-03-10T00:00:00Z")]
    [InlineData("@daily", "UTC", "2026-03-10", "2026-03-10T00:00:00Z")]
    [InlineData("@hourly", "UTC", "2026-03-10", "2026-03-10T00:00:00Z")]
    [InlineData("30 6 * * *", "UTC", "2026-03-10", "2026-03-10T06:30:00Z")]
    [InlineData("@weekly", "UTC", "2026-03-10", "2026-03-08T00:00:00Z")]
    [InlineData("@daily", "America/New_York", "2026-07-01", "2026-07-01T04:00:00Z")]
    [InlineData("@daily", "America/New_York", "2026-01-01", "2026-01-01T05:00:00Z")]
    // Cuba changes its clocks at midnight: that day begins at 01:00.
    [InlineData("@daily", "America/Havana", "2026-03-08", "2026-03-08T05:00:00Z")]
    // The day they go back on has two midnights, and begins at the first.
    [InlineData(null, "America/Havana", "2026-11-01", "2026-11-01T04:00:00Z")]
    [InlineData("@daily", "America/Havana", "2026-11-01", "2026-11-01T04:00:00Z")]
    [InlineData("@hourly", "America/Havana", "2026-11-01", "2026-11-01T04:00:00Z")]
    public void The_logical_date_of_a_day_is_the_interval_that_begins_on_it(string? schedule, string zone, string day, string expected)
    {
        Zones.Require(zone);
        (ScheduleRig.Dag("a") with { Schedule = schedule, TimeZone = zone })
            .LogicalDateOf(DateOnly.Parse(day, System.Globalization.CultureInfo.InvariantCulture)).ShouldBe(ScheduleRig.Utc(expected));
    }
}

/// <summary>Time zones come from the machine's tzdata, which a bare container may lack.</summary>
internal static class Zones
{
    public static void Require(string zone)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
            Assert.Skip($"the time zone {zone} is not on this machine (package tzdata)");
    }
}

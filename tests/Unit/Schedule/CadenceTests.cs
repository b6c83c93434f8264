using CsCheck;
using Sluice.Schedule;

namespace Sluice.Unit.Schedule;

public sealed class CadenceTests
{
    [Theory]
    // The clocks of London go forward at 01:00 on 29 March 2026: 01:30 does not exist and comes as they resume.
    [InlineData("30 1 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z 2026-03-30T00:30:00Z")]
    // They go back at 02:00 on 25 October 2026: 01:30 comes twice and counts once.
    [InlineData("30 1 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z 2026-10-26T01:30:00Z")]
    // A day of 23 hours and one of 25.
    [InlineData("@daily", "2026-03-28T12:00:00Z", "2026-03-29T00:00:00Z 2026-03-29T23:00:00Z")]
    [InlineData("@daily", "2026-10-24T12:00:00Z", "2026-10-24T23:00:00Z 2026-10-26T00:00:00Z")]
    // An hourly schedule follows elapsed time through both.
    [InlineData("@hourly", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z 2026-03-29T02:00:00Z")]
    [InlineData("@hourly", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z 2026-10-25T02:00:00Z")]
    public void A_schedule_follows_the_wall_clock_of_London(string schedule, string after, string expected)
    {
        Zones.Require("Europe/London");
        Occurrences(schedule, "Europe/London", after, 2).ShouldBe(expected.Split(' ').Select(ScheduleRig.Utc));
    }

    [Theory]
    [InlineData("0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z 2032-02-29T00:00:00Z")]
    [InlineData("0 0 31 * *", "2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z 2026-05-31T00:00:00Z")]
    [InlineData("0 0 L * *", "2026-02-01T00:00:00Z", "2026-02-28T00:00:00Z 2026-03-31T00:00:00Z")]
    [InlineData("@monthly", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z 2027-02-01T00:00:00Z")]
    [InlineData("0 12 * * MON", "2026-03-09T12:00:00Z", "2026-03-16T12:00:00Z 2026-03-23T12:00:00Z")]
    public void Rare_dates_are_found(string schedule, string after, string expected) =>
        Occurrences(schedule, "UTC", after, 2).ShouldBe(expected.Split(' ').Select(ScheduleRig.Utc));

    [Theory]
    [InlineData("30 1 * * *", "Europe/London", 365)]
    [InlineData("@daily", "America/Havana", 365)]
    [InlineData("@hourly", "Europe/London", 8760)]
    public void The_intervals_of_a_year_join_without_gap_or_overlap(string schedule, string zone, int count)
    {
        Zones.Require(zone);
        var cadence = Of(schedule, zone);
        var interval = cadence.StartingAtOrAfter(ScheduleRig.Utc("2026-01-01T00:00:00Z"))!.Value;
        var end = interval.Start.AddYears(1);
        for (var i = 0; i < count; i++)
        {
            cadence.LastCompleted(interval.End).ShouldBe(interval);
            cadence.Around(interval.Start).ShouldBe(interval);
            var next = cadence.StartingAtOrAfter(interval.End)!.Value;
            next.Start.ShouldBe(interval.End);
            interval = next;
        }
        interval.Start.ShouldBe(end);
    }

    [Fact]
    public void Looking_back_agrees_with_looking_forward()
    {
        string[] schedules = ["* * * * *", "@hourly", "@daily", "30 1 * * *", "@weekly", "0 0 31 * *", "@monthly", "@yearly", "0 0 29 2 *"];
        string[] zones = [.. new[] { "UTC", "Europe/London", "America/Havana", "Asia/Kathmandu" }
            .Where(zone => TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))];
        var start = ScheduleRig.Utc("2014-01-01T00:00:00Z");
        Gen.Select(Gen.Int[0, schedules.Length - 1], Gen.Int[0, zones.Length - 1], Gen.Int[0, 20 * 366 * 24 * 60]).Sample((schedule, zone, minute) =>
        {
            var cadence = Of(schedules[schedule], zones[zone]);
            var instant = start.AddMinutes(minute).AddSeconds(minute % 60);
            var before = cadence.AtOrBefore(instant)!.Value;
            before.ShouldBeLessThanOrEqualTo(instant);
            cadence.After(before)!.Value.ShouldBeGreaterThan(instant);
            var completed = cadence.LastCompleted(instant)!.Value;
            completed.End.ShouldBe(before);
            cadence.After(completed.Start).ShouldBe(completed.End);
            cadence.Around(instant).ShouldBe(new DataInterval(before, cadence.After(before)!.Value));
        }, iter: 300);
    }

    [Fact]
    public void A_new_dag_gets_its_first_run_when_the_interval_it_was_seen_in_ends()
    {
        var dag = Daily(catchup: true);
        Due(dag, "2026-03-10T12:00:00Z", null, "2026-03-10T23:59:59Z").ShouldBeEmpty();
        Due(dag, "2026-03-10T12:00:00Z", null, "2026-03-11T00:00:00Z").ShouldBe([ScheduleRig.Utc("2026-03-10T00:00:00Z")]);
    }

    [Fact]
    public void With_catchup_every_missed_interval_is_due_in_order() =>
        Due(Daily(catchup: true), "2026-03-01T12:00:00Z", "2026-03-07T00:00:00Z", "2026-03-10T12:00:00Z")
            .ShouldBe(Days("2026-03-07", "2026-03-08", "2026-03-09"));

    [Fact]
    public void Without_catchup_only_the_latest_complete_interval_is_due() =>
        Due(Daily(catchup: false), "2026-03-01T12:00:00Z", "2026-03-07T00:00:00Z", "2026-03-10T12:00:00Z").ShouldBe(Days("2026-03-09"));

    [Fact]
    public void A_start_date_in_the_past_makes_the_intervals_since_due()
    {
        var dag = Daily(catchup: true) with { StartDate = ScheduleRig.Utc("2026-03-07T06:00:00Z") };
        Due(dag, "2026-03-10T12:00:00Z", null, "2026-03-10T12:00:00Z").ShouldBe(Days("2026-03-08", "2026-03-09"));
        Due(dag with { Catchup = false }, "2026-03-10T12:00:00Z", null, "2026-03-10T12:00:00Z").ShouldBe(Days("2026-03-09"));
    }

    [Fact]
    public void Catching_up_takes_a_bounded_number_of_runs_at_a_time() =>
        Due(Daily(catchup: true), "2000-01-01T00:00:00Z", null, "2026-03-10T12:00:00Z").Count.ShouldBe(ScheduleLimits.RunsPerTick);

    private static List<DateTimeOffset> Occurrences(string schedule, string zone, string after, int count)
    {
        var cadence = Of(schedule, zone);
        var found = new List<DateTimeOffset>();
        for (var next = cadence.After(ScheduleRig.Utc(after)); found.Count < count; next = cadence.After(next.Value))
            found.Add(next!.Value);
        return found;
    }

    private static Cadence Of(string schedule, string zone) => Cadence.Of(ScheduleRig.Dag("a") with { Schedule = schedule, TimeZone = zone })!;

    private static DagSpec Daily(bool catchup) => ScheduleRig.Dag("a") with { Schedule = "@daily", Catchup = catchup };

    private static IEnumerable<DateTimeOffset> Days(params string[] days) => days.Select(day => ScheduleRig.Utc(day + "T00:00:00Z"));

    private static List<DateTimeOffset> Due(DagSpec dag, string firstSeen, string? next, string now) =>
        [.. DueIntervals.Of(dag, (ScheduleRig.Utc(firstSeen), next is null ? null : ScheduleRig.Utc(next)), ScheduleRig.Utc(now))
            .Select(interval => interval.Start)];
}

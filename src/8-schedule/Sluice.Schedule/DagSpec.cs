namespace Sluice.Schedule;

/// <summary>A task and the tasks of the same DAG that must succeed before it.</summary>
public sealed record TaskSpec(string Name, IReadOnlyList<string> DependsOn);

/// <summary>Tasks in their order of dependency, and when they run.</summary>
public sealed record DagSpec
{
    public required string Name { get; init; }

    /// <summary>Five-field cron, or @hourly, @daily, @weekly, @monthly, @yearly; null runs only when asked to.</summary>
    public string? Schedule { get; init; }

    /// <summary>IANA name of the zone whose wall clock the schedule follows, through daylight saving time.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>
    /// No interval begins before this. Left out, the first interval is the one during which the DAG is first seen:
    /// a new @daily DAG runs at the next midnight, over the day that then ends.
    /// </summary>
    public DateTimeOffset? StartDate { get; init; }

    /// <summary>
    /// Whether every missed interval gets a run. As in Airflow, false means that after a pause only the latest complete
    /// interval does, and the missed ones before it get none.
    /// </summary>
    public bool Catchup { get; init; }

    /// <summary>Tries after the first failed one.</summary>
    public int Retries { get; init; }

    public TimeSpan RetryDelay { get; init; }

    /// <summary>
    /// Whether a task waits for its own success (or skip) in the run before: the run of this DAG with the next smaller
    /// logical date, whatever triggered either of them.
    /// </summary>
    public bool DependsOnPast { get; init; }

    public required IReadOnlyList<TaskSpec> Tasks { get; init; }

    /// <summary>Everything that is wrong with the DAG, each with its remedy; empty when it can run.</summary>
    public IReadOnlyList<string> Faults() => DagFaults.Of(this);

    /// <summary>
    /// The logical date a user means by a calendar day: the start of the first interval that begins on that day in the
    /// DAG's zone; else (say, a weekly DAG) of the interval the day falls into; without a schedule, its midnight.
    /// </summary>
    public DateTimeOffset LogicalDateOf(DateOnly date)
    {
        var midnight = StartOf(date);
        if (Cadence.Of(this) is not { } cadence)
            return midnight;
        var first = cadence.AtOrAfter(midnight);
        return first < StartOf(date.AddDays(1)) ? first.Value : cadence.AtOrBefore(midnight) ?? midnight;
    }

    /// <summary>Midnight in the DAG's zone; where the clocks skip it, the moment they resume; where they repeat it, the first.</summary>
    internal DateTimeOffset StartOf(DateOnly date)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(TimeZone);
        var local = date.ToDateTime(TimeOnly.MinValue);
        while (zone.IsInvalidTime(local))
            local = local.AddMinutes(1);
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }
}

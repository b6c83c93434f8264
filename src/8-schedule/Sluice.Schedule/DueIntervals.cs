namespace Sluice.Schedule;

/// <summary>Which intervals of a DAG are due for a run.</summary>
internal static class DueIntervals
{
    /// <param name="dag">The DAG; one without a schedule is never due.</param>
    /// <param name="known">When it was first seen, and the start of the first interval that no run was created for.</param>
    /// <param name="now">Only intervals that have ended by now are due.</param>
    public static IEnumerable<DataInterval> Of(DagSpec dag, (DateTimeOffset FirstSeen, DateTimeOffset? NextInterval) known, DateTimeOffset now)
    {
        if (Cadence.Of(dag) is not { } cadence)
            yield break;
        var start = known.NextInterval ?? dag.StartDate ?? cadence.AtOrBefore(known.FirstSeen) ?? known.FirstSeen;
        if (!dag.Catchup && cadence.LastCompleted(now) is { } latest && latest.Start > start)
            start = latest.Start;
        var created = 0;
        for (var next = cadence.StartingAtOrAfter(start); next is { } interval && interval.End <= now && created < ScheduleLimits.RunsPerTick;
            next = cadence.StartingAtOrAfter(interval.End))
        {
            yield return interval;
            created++;
        }
    }
}

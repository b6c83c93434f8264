using System.Diagnostics.CodeAnalysis;
using Cronos;

namespace Sluice.Schedule;

/// <summary>The stretch of time a run is about: from its start up to, and without, its end.</summary>
public readonly record struct DataInterval(DateTimeOffset Start, DateTimeOffset End);

/// <summary>
/// The intervals between the occurrences of a cron schedule, on the wall clock of a zone. An hour that the clocks skip moves
/// an occurrence to the moment they resume; an hour that they repeat counts once for a fixed time of day (Cronos).
/// </summary>
internal sealed class Cadence
{
    /// <summary>Spans to look back for the latest occurrence, from every minute to 29 February of a leap year.</summary>
    private static readonly TimeSpan[] s_lookBack =
    [
        TimeSpan.FromHours(2), TimeSpan.FromDays(2), TimeSpan.FromDays(62), TimeSpan.FromDays(2 * 366), TimeSpan.FromDays(12 * 366),
    ];

    private readonly CronExpression _cron;
    private readonly TimeZoneInfo _zone;

    private Cadence(CronExpression cron, TimeZoneInfo zone)
    {
        _cron = cron;
        _zone = zone;
    }

    /// <summary>The cadence of a DAG without faults; null when it has no schedule.</summary>
    public static Cadence? Of(DagSpec dag) =>
        dag.Schedule is null ? null : new(CronExpression.Parse(dag.Schedule), TimeZoneInfo.FindSystemTimeZoneById(dag.TimeZone));

    public static bool TryParse(string text, [NotNullWhen(true)] out CronExpression? cron, out string reason)
    {
        try
        {
            cron = CronExpression.Parse(text);
            reason = "";
            return true;
        }
        catch (CronFormatException cause)
        {
            cron = null;
            reason = cause.Message;
            return false;
        }
    }

    /// <summary>
    /// Asked as "after the tick before": Cronos' own inclusive search does not see an occurrence that the clocks have moved,
    /// when it is asked at the very moment it was moved to.
    /// </summary>
    public DateTimeOffset? AtOrAfter(DateTimeOffset instant) => After(instant - TimeSpan.FromTicks(1));

    public DateTimeOffset? After(DateTimeOffset instant) =>
        _cron.GetNextOccurrence(instant.ToUniversalTime(), _zone)?.ToUniversalTime();

    public DateTimeOffset? AtOrBefore(DateTimeOffset instant)
    {
        foreach (var span in s_lookBack)
        {
            DateTimeOffset? latest = null;
            for (var next = AtOrAfter(instant - span); next <= instant; next = After(next.Value))
                latest = next;
            if (latest is not null)
                return latest;
        }
        return null;
    }

    /// <summary>The interval that begins at the first occurrence at or after the instant.</summary>
    public DataInterval? StartingAtOrAfter(DateTimeOffset instant) =>
        AtOrAfter(instant) is { } start && After(start) is { } end ? new(start, end) : null;

    /// <summary>The newest interval that has ended by then.</summary>
    public DataInterval? LastCompleted(DateTimeOffset now) =>
        AtOrBefore(now) is { } end && AtOrBefore(end - TimeSpan.FromTicks(1)) is { } start ? new(start, end) : null;

    /// <summary>The interval that an instant falls into.</summary>
    public DataInterval? Around(DateTimeOffset instant) =>
        AtOrBefore(instant) is { } start && After(start) is { } end ? new(start, end) : null;
}

namespace Sluice.Sink;

/// <summary>
/// When an open object is due by the wall clock: after idle.flush.ms without a record, or at the next multiple of
/// rotate.schedule.interval.ms since local midnight. Both are safe here, where each decision is recorded before it is carried out.
/// </summary>
internal sealed class RotationClock(SinkConfig config, TimeProvider time)
{
    private long _lastRecord;
    private DateTimeOffset? _scheduled;

    /// <summary>Notes that records arrived, the object being open or not before.</summary>
    public void RecordsArrived()
    {
        _lastRecord = time.GetTimestamp();
        if (config.RotateScheduleInterval is { } interval) _scheduled ??= NextScheduled(time.GetUtcNow(), interval, config.TimeZone);
    }

    /// <summary>Notes that no object is open.</summary>
    public void Closed() => _scheduled = null;

    /// <summary>How long until the open object is due, zero when it is, null when time alone never makes it so.</summary>
    public TimeSpan? DueIn()
    {
        var idle = config.IdleFlush - time.GetElapsedTime(_lastRecord);
        var scheduled = _scheduled - time.GetUtcNow();
        var due = idle is null || scheduled < idle ? scheduled : idle;
        return due < TimeSpan.Zero ? TimeSpan.Zero : due;
    }

    /// <summary>Whether the schedule alone makes the open object due; a partition that is never idle is cut by this.</summary>
    public bool IsScheduleDue => _scheduled <= time.GetUtcNow();

    /// <summary>The next multiple of the interval since local midnight, or the next midnight when that comes first.</summary>
    internal static DateTimeOffset NextScheduled(DateTimeOffset now, TimeSpan interval, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(now, zone);
        var midnight = AtMidnight(local.Date, zone);
        var nextMidnight = AtMidnight(local.Date.AddDays(1), zone);
        var next = midnight + (interval * (Math.Floor((now - midnight) / interval) + 1));
        return next < nextMidnight ? next : nextMidnight;
    }

    private static DateTimeOffset AtMidnight(DateTime date, TimeZoneInfo zone) => new(date, zone.GetUtcOffset(date));
}

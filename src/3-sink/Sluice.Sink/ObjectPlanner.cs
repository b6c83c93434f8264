using Sluice.Log;

namespace Sluice.Sink;

/// <summary>
/// Walks the records of one partition and says where objects end: at flush.size records, at rotate.interval.ms between record
/// timestamps, at a gap in the offsets, or where the caller cuts. It keeps no record: whoever writes an object reads it again,
/// so an open object of any size costs no memory.
/// </summary>
internal sealed class ObjectPlanner
{
    /// <summary>The timestamp of a record that has none.</summary>
    private const long NoTimestamp = -1;

    private readonly int _flushSize;
    private readonly long _rotateIntervalMs;
    private long _start;
    private long _end;
    private int _count;
    private long _firstTimestampMs;

    public ObjectPlanner(SinkConfig config, long position)
    {
        _flushSize = config.FlushSize;
        _rotateIntervalMs = (long?)config.RotateInterval?.TotalMilliseconds ?? long.MaxValue;
        Position = position;
    }

    /// <summary>The next offset to walk.</summary>
    public long Position { get; private set; }

    /// <summary>Whether records were walked that belong to no finished object.</summary>
    public bool IsOpen => _count > 0;

    /// <summary>Walks the batches from <see cref="Position"/> on, adding the objects that end in them.</summary>
    /// <returns>How many records were walked.</returns>
    public int Walk(ReadOnlySpan<byte> batches, List<ObjectRange> finished)
    {
        var records = new RecordReader(batches, Position);
        var walked = 0;
        while (records.MoveNext())
        {
            Add(records.Offset, records.TimestampMs, finished);
            walked++;
        }

        Position = Math.Max(Position, records.NextOffset);
        return walked;
    }

    /// <summary>Ends the open object, if any, where it is.</summary>
    public void Cut(List<ObjectRange> finished)
    {
        if (!IsOpen) return;
        finished.Add(new ObjectRange(_start, _end));
        _count = 0;
    }

    private void Add(long offset, long timestampMs, List<ObjectRange> finished)
    {
        if (IsOpen && (offset != _end || IsDue(timestampMs))) Cut(finished);
        if (!IsOpen) (_start, _firstTimestampMs) = (offset, timestampMs);
        _end = offset + 1;
        _count++;
        if (_count >= _flushSize) Cut(finished);
    }

    private bool IsDue(long timestampMs) =>
        timestampMs != NoTimestamp && _firstTimestampMs != NoTimestamp && timestampMs - _firstTimestampMs >= _rotateIntervalMs;
}

using Sluice.Log;

namespace Sluice.Sink;

/// <summary>
/// Walks the records of one partition and says where objects end: at flush.size records, at rotate.interval.ms between record
/// timestamps, or where the caller cuts. Their ranges follow each other without a gap, whatever offsets have no record. It keeps no
/// record: whoever writes an object reads it again, so an open object of any size costs no memory.
/// </summary>
internal sealed class ObjectPlanner
{
    /// <summary>The timestamp of a record that has none.</summary>
    private const long NoTimestamp = -1;

    private readonly int _flushSize;
    private readonly long _rotateIntervalMs;
    private readonly bool _passesNulls;
    private long _from;
    private long _first;
    private long _end;
    private int _count;
    private long _firstTimestampMs;

    /// <param name="from">The offset behind those of the last object.</param>
    /// <param name="position">The first offset that the log can give, not before <paramref name="from"/>.</param>
    public ObjectPlanner(SinkConfig config, long from, long position)
    {
        _flushSize = config.FlushSize;
        _rotateIntervalMs = (long?)config.RotateInterval?.TotalMilliseconds ?? long.MaxValue;
        _passesNulls = config.NullValues != NullValues.Ignore;
        (_from, Position) = (from, position);
    }

    /// <summary>The next offset to walk.</summary>
    public long Position { get; private set; }

    /// <summary>Whether records were walked that belong to no finished object.</summary>
    public bool HasRecords => _count > 0;

    /// <summary>Whether offsets were walked that no finished object accounts for.</summary>
    public bool IsOpen => Position > _from;

    /// <summary>Walks the batches from <see cref="Position"/> on, adding the objects that end in them.</summary>
    /// <returns>How many records were walked.</returns>
    public int Walk(ReadOnlySpan<byte> batches, List<ObjectRange> finished)
    {
        var records = new RecordReader(batches, Position);
        var walked = 0;
        while (records.MoveNext())
        {
            // As in Confluent's sink, a value that is passed over neither begins an object nor counts in one.
            if (_passesNulls || !records.Value.IsNull) Add(records.Offset, records.TimestampMs, finished);
            walked++;
        }

        Position = Math.Max(Position, records.NextOffset);
        return walked;
    }

    /// <summary>Ends the open object, if any, where walking is.</summary>
    public void Cut(List<ObjectRange> finished)
    {
        if (IsOpen) Cut(Position, finished);
    }

    private void Cut(long end, List<ObjectRange> finished)
    {
        finished.Add(new ObjectRange(_from, HasRecords ? _first : _from, end));
        (_from, _count) = (end, 0);
    }

    private void Add(long offset, long timestampMs, List<ObjectRange> finished)
    {
        if (HasRecords && IsDue(timestampMs)) Cut(_end, finished);
        if (!HasRecords) (_first, _firstTimestampMs) = (offset, timestampMs);
        _end = offset + 1;
        _count++;
        if (_count >= _flushSize) Cut(_end, finished);
    }

    private bool IsDue(long timestampMs) =>
        timestampMs != NoTimestamp && _firstTimestampMs != NoTimestamp && timestampMs - _firstTimestampMs >= _rotateIntervalMs;
}

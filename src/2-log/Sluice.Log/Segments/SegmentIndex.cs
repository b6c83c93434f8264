using Sluice.Bytes;
using Sluice.Log.Records;

namespace Sluice.Log.Segments;

/// <summary>
/// Both sparse indexes of the segment that is being written, in memory; <see cref="Persist"/> brings the files up to date. One
/// thread appends, any thread looks up.
/// </summary>
internal sealed class SegmentIndex
{
    private readonly long _baseOffset;
    private readonly GrowingList<OffsetIndexEntry> _offsets = new();
    private readonly GrowingList<TimeIndexEntry> _times = new();
    private int _persistedOffsets;
    private int _persistedTimes;
    private long _maxTimestampMs = -1;

    public SegmentIndex(long baseOffset)
    {
        _baseOffset = baseOffset;
        MaxTimestampOffset = baseOffset;
    }

    /// <summary>Largest timestamp of the segment; -1 before the first.</summary>
    public long MaxTimestampMs => Volatile.Read(ref _maxTimestampMs);

    /// <summary>Last offset of the batch that holds <see cref="MaxTimestampMs"/>.</summary>
    public long MaxTimestampOffset { get; private set; }

    public int BytesSinceEntry { get; private set; }

    public int OffsetEntries => _offsets.Count;

    public int TimeEntries => _times.Count;

    /// <summary>Takes up where the files stood when the partition was last known to be durable.</summary>
    public static SegmentIndex Load(IFileSystem files, SegmentName name, PartitionCheckpoint checkpoint)
    {
        var index = new SegmentIndex(name.BaseOffset)
        {
            _maxTimestampMs = checkpoint.MaxTimestampMs,
            MaxTimestampOffset = checkpoint.MaxTimestampOffset,
            BytesSinceEntry = checkpoint.BytesSinceIndexEntry,
            _persistedOffsets = checkpoint.OffsetEntries,
            _persistedTimes = checkpoint.TimeEntries,
        };
        var offsets = ReadAll(files, name.IndexPath, checkpoint.OffsetEntries * OffsetIndexEntry.Size);
        for (var at = 0; at < offsets.Length; at += OffsetIndexEntry.Size) index._offsets.Add(OffsetIndexEntry.Read(offsets.AsSpan(at)));
        var times = ReadAll(files, name.TimeIndexPath, checkpoint.TimeEntries * TimeIndexEntry.Size);
        for (var at = 0; at < times.Length; at += TimeIndexEntry.Size) index._times.Add(TimeIndexEntry.Read(times.AsSpan(at)));
        return index;
    }

    /// <summary>Notes a batch that begins at <paramref name="position"/>, at the places where Kafka's own log would.</summary>
    public void Add(long lastOffset, int position, int sizeBytes, long maxTimestampMs)
    {
        if (maxTimestampMs > _maxTimestampMs)
        {
            MaxTimestampOffset = lastOffset;
            Volatile.Write(ref _maxTimestampMs, maxTimestampMs);
        }

        if (BytesSinceEntry > LogLimits.IndexIntervalBytes)
        {
            _offsets.Add(new OffsetIndexEntry((int)(lastOffset - _baseOffset), position));
            AddTimeEntry();
            BytesSinceEntry = 0;
        }

        BytesSinceEntry += sizeBytes;
    }

    public void Add(in RecordBatchHeader batch, int position) => Add(batch.LastOffset, position, batch.SizeBytes, batch.MaxTimestampMs);

    /// <summary>Ends the time index with the segment's largest timestamp, as a sealed segment has it.</summary>
    public void Finish() => AddTimeEntry();

    /// <summary>Where to begin walking towards an offset: the beginning of a batch at or before it.</summary>
    public int Floor(long offset) => Floor(_offsets.Snapshot(), offset - _baseOffset);

    /// <summary>An offset up to and including which every record is older than the timestamp; -1 when none is known.</summary>
    public long LastOffsetBefore(long timestampMs)
    {
        var entries = _times.Snapshot();
        var (low, high) = (0, entries.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (entries[middle].TimestampMs < timestampMs) low = middle + 1;
            else high = middle;
        }

        return low == 0 ? -1 : _baseOffset + entries[low - 1].RelativeOffset;
    }

    /// <summary>Writes the entries that the files lack, cuts off what is not ours, and syncs both files.</summary>
    public void Persist(IFileSystem files, SegmentName name)
    {
        var offsets = _offsets.Snapshot();
        var offsetBytes = new byte[(offsets.Length - _persistedOffsets) * OffsetIndexEntry.Size];
        for (var i = _persistedOffsets; i < offsets.Length; i++)
            offsets[i].Write(offsetBytes.AsSpan((i - _persistedOffsets) * OffsetIndexEntry.Size));
        Append(files, name.IndexPath, offsetBytes, (long)_persistedOffsets * OffsetIndexEntry.Size);
        _persistedOffsets = offsets.Length;

        var times = _times.Snapshot();
        var timeBytes = new byte[(times.Length - _persistedTimes) * TimeIndexEntry.Size];
        for (var i = _persistedTimes; i < times.Length; i++)
            times[i].Write(timeBytes.AsSpan((i - _persistedTimes) * TimeIndexEntry.Size));
        Append(files, name.TimeIndexPath, timeBytes, (long)_persistedTimes * TimeIndexEntry.Size);
        _persistedTimes = times.Length;
    }

    private static int Floor(ReadOnlySpan<OffsetIndexEntry> entries, long relativeOffset)
    {
        var (low, high) = (0, entries.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (entries[middle].RelativeOffset <= relativeOffset) low = middle + 1;
            else high = middle;
        }

        return low == 0 ? 0 : entries[low - 1].Position;
    }

    private static byte[] ReadAll(IFileSystem files, string path, int size)
    {
        var bytes = new byte[size];
        using var file = files.Open(path, FileOpen.Read);
        if (file.Read(bytes, 0) < size) throw new InvalidDataException($"'{path}' is shorter than the {size} bytes that were synced.");
        return bytes;
    }

    private static void Append(IFileSystem files, string path, ReadOnlySpan<byte> bytes, long position)
    {
        using var file = files.Open(path, FileOpen.OpenOrCreate);
        if (bytes.Length > 0) file.Write(bytes, position);
        file.SetLength(position + bytes.Length);
        file.Sync();
    }

    private void AddTimeEntry()
    {
        var entries = _times.Snapshot();
        var last = entries.Length == 0 ? -1 : entries[^1].TimestampMs;
        if (_maxTimestampMs > last) _times.Add(new TimeIndexEntry(_maxTimestampMs, (int)(MaxTimestampOffset - _baseOffset)));
    }
}

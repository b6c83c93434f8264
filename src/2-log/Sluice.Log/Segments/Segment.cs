using Sluice.Bytes;
using Sluice.Log.Transactions;

namespace Sluice.Log.Segments;

/// <summary>
/// A stretch of a partition in one file. The last one of a partition is open: its indexes are in memory. The others are sealed and
/// never change again; their indexes are looked up in their files.
/// </summary>
internal sealed class Segment
{
    private bool _hasAborts;
    private SegmentIndex? _openIndex;
    private SegmentAborts? _openAborts;
    private long _readableBytes;
    private long _sealedMaxTimestampMs;

    private Segment(SegmentName name, SegmentIndex? openIndex, SegmentAborts? openAborts, bool hasAborts, long bytes, long maxTimestampMs)
    {
        Name = name;
        _openIndex = openIndex;
        _openAborts = openAborts;
        _hasAborts = hasAborts;
        _readableBytes = bytes;
        _sealedMaxTimestampMs = maxTimestampMs;
    }

    public SegmentName Name { get; }

    public long BaseOffset => Name.BaseOffset;

    /// <summary>Bytes that readers may see.</summary>
    public long ReadableBytes => Volatile.Read(ref _readableBytes);

    /// <summary>Largest timestamp in the segment; -1 when it has no records.</summary>
    public long MaxTimestampMs => Volatile.Read(ref _openIndex)?.MaxTimestampMs ?? _sealedMaxTimestampMs;

    public static Segment Open(SegmentName name, SegmentIndex index, SegmentAborts aborts, long bytes) => new(name, index, aborts, false, bytes, -1);

    /// <param name="hasAborts">Whether it has a file of aborted transactions.</param>
    public static Segment Sealed(SegmentName name, long bytes, long maxTimestampMs, bool hasAborts) =>
        new(name, null, null, hasAborts, bytes, maxTimestampMs);

    public void Publish(long bytes) => Volatile.Write(ref _readableBytes, bytes);

    /// <summary>Lets go of the indexes in memory, whose files are complete.</summary>
    public void Seal()
    {
        _sealedMaxTimestampMs = MaxTimestampMs;
        _hasAborts = _openAborts?.Count > 0;
        Volatile.Write(ref _openAborts, null);
        Volatile.Write(ref _openIndex, null);
    }

    /// <summary>Where to begin walking towards an offset.</summary>
    public int Floor(OpenFiles files, long offset)
    {
        if (Volatile.Read(ref _openIndex) is { } open) return open.Floor(offset);
        using var lease = files.Rent(Name.IndexPath);
        var (low, high) = (0L, lease.File.Length / OffsetIndexEntry.Size);
        var floor = 0;
        Span<byte> bytes = stackalloc byte[OffsetIndexEntry.Size];
        while (low < high)
        {
            var middle = (low + high) / 2;
            lease.File.Read(bytes, middle * OffsetIndexEntry.Size);
            var entry = OffsetIndexEntry.Read(bytes);
            if (entry.RelativeOffset <= offset - BaseOffset) (low, floor) = (middle + 1, entry.Position);
            else high = middle;
        }

        return floor;
    }

    /// <summary>An offset up to and including which every record is older than the timestamp; -1 when none is known.</summary>
    public long LastOffsetBefore(OpenFiles files, long timestampMs)
    {
        if (Volatile.Read(ref _openIndex) is { } open) return open.LastOffsetBefore(timestampMs);
        using var lease = files.Rent(Name.TimeIndexPath);
        var (low, high) = (0L, lease.File.Length / TimeIndexEntry.Size);
        var last = -1L;
        Span<byte> bytes = stackalloc byte[TimeIndexEntry.Size];
        while (low < high)
        {
            var middle = (low + high) / 2;
            lease.File.Read(bytes, middle * TimeIndexEntry.Size);
            var entry = TimeIndexEntry.Read(bytes);
            if (entry.TimestampMs < timestampMs) (low, last) = (middle + 1, BaseOffset + entry.RelativeOffset);
            else high = middle;
        }

        return last;
    }

    /// <summary>Whether there are aborted transactions whose markers lie in the segment.</summary>
    public bool HasAborts => Volatile.Read(ref _openAborts) is { } open ? open.Count > 0 : _hasAborts;

    /// <summary>The aborted transactions whose markers lie in the segment, in the order of these.</summary>
    public AbortedTransaction[] Aborted(OpenFiles files)
    {
        if (Volatile.Read(ref _openAborts) is { } open) return open.ToArray();
        return _hasAborts ? SegmentAborts.Load(files, Name) : [];
    }

    public void Delete(IFileSystem files)
    {
        files.Delete(Name.LogPath);
        files.Delete(Name.IndexPath);
        files.Delete(Name.TimeIndexPath);
        files.Delete(Name.AbortedIndexPath);
    }
}

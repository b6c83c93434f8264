using Sluice.Log.Segments;

namespace Sluice.Log.Partitions;

internal sealed partial class PartitionReader
{
    /// <summary>The record with the largest timestamp; null when no record has one.</summary>
    /// <param name="bytesMax">No further segment is walked beyond so many bytes.</param>
    public RecordTime? LargestTimestamp(long bytesMax) => Search(offsets =>
    {
        var segments = partition.Segments;
        var largest = segments.Max(s => s.MaxTimestampMs);
        if (largest < 0) return null;
        // The indexes count markers and batches that compaction has emptied, and what lies before the start: there may be no such record.
        return SearchAll(largest, offsets) is { } offset ? new RecordTime(offset, largest) : SearchBack(segments, offsets, bytesMax);
    });

    /// <summary>Walks the segments from the last one back, but for those that are older as a whole than what was found.</summary>
    private RecordTime? SearchBack(Segment[] segments, Watermarks offsets, long bytesMax)
    {
        RecordTime? found = null;
        for (var at = segments.Length - 1; at >= 0 && bytesMax > 0; at--)
        {
            if (segments[at].MaxTimestampMs <= (found?.TimestampMs ?? -1)) continue;
            found = Youngest(segments[at], offsets, found);
            bytesMax -= segments[at].ReadableBytes;
        }

        return found;
    }

    /// <summary>The record of a segment that is younger than one that was found before, or else that one.</summary>
    private RecordTime? Youngest(Segment segment, Watermarks offsets, RecordTime? found)
    {
        using var lease = files.Rent(segment.Name.LogPath);
        using var walker = new BatchWalker(lease.File, segment.Floor(files, Math.Max(offsets.Start, segment.BaseOffset)), segment.ReadableBytes, SearchChunkBytes);
        var (youngestMs, position) = (found?.TimestampMs ?? -1, -1L);
        while (walker.MoveNext() && walker.Header.BaseOffset < offsets.End)
        {
            var header = walker.Header;
            if (header.IsControl || header.RecordCount == 0 || header.NextOffset <= offsets.Start || header.MaxTimestampMs <= youngestMs) continue;
            if (header.BaseOffset >= offsets.Start)
            {
                (youngestMs, position) = (header.MaxTimestampMs, walker.Position);
                continue;
            }

            // The start lies within the batch: the record that gave it its timestamp may be gone.
            found = Youngest(segment, walker, offsets, found);
            youngestMs = found?.TimestampMs ?? -1;
        }

        if (position < 0) return found;
        using var again = new BatchWalker(lease.File, position, segment.ReadableBytes, SearchChunkBytes);
        return again.MoveNext() ? Youngest(segment, again, offsets, found) : throw Damaged(segment, position);
    }

    private static RecordTime? Youngest(Segment segment, BatchWalker walker, Watermarks offsets, RecordTime? found)
    {
        var batch = walker.ReadBatch();
        if (batch.Length < walker.Header.SizeBytes || !walker.Header.CrcMatches(batch)) throw Damaged(segment, walker.Position);
        var records = new RecordReader(batch, offsets.Start);
        while (records.MoveNext())
        {
            if (records.TimestampMs > (found?.TimestampMs ?? -1)) found = new RecordTime(records.Offset, records.TimestampMs);
        }

        return found;
    }
}

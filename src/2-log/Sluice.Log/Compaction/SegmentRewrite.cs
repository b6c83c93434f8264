using Sluice.Bytes;
using Sluice.Log.Records;
using Sluice.Log.Segments;

namespace Sluice.Log.Compaction;

/// <summary>
/// Writes what compaction leaves of neighbouring sealed segments into one new file beside them, synced, which then takes their place. The
/// new segment begins and ends at the same offsets: at the end an empty batch holds the place of records that are gone.
/// </summary>
internal sealed class SegmentRewrite(IFileSystem files, IReadOnlyList<Segment> segments, BatchFilter filter)
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>The segment whose name the new one takes.</summary>
    public SegmentName Name => segments[0].Name;

    /// <summary>Whether anything would go.</summary>
    /// <exception cref="CorruptLogException">A batch is damaged.</exception>
    public bool IsWorthwhile(CancellationToken cancel)
    {
        if (segments.Count > 1) return true;
        var last = Last(segments[0]);
        foreach (var (header, batch) in Batches(segments[0], cancel))
        {
            var fate = filter.Judge(header, batch.Span);
            // The empty batch at the end of a segment has done all it could.
            if (fate == BatchFate.Part || (fate == BatchFate.Empty && (header.BaseOffset != last || header.RecordCount > 0))) return true;
        }

        return false;
    }

    /// <summary>Writes the file, whole and synced.</summary>
    /// <exception cref="CorruptLogException">A batch is damaged.</exception>
    /// <exception cref="IOException">The file could not be written; it is void.</exception>
    public Rewritten Write(CancellationToken cancel)
    {
        var index = new SegmentIndex(Name.BaseOffset);
        using var file = files.Open(Name.CleanedPath, FileOpen.OpenOrCreate);
        using var buffer = new ByteWriter(ChunkBytes);
        file.SetLength(0);
        var position = 0L;
        var keptTimestampMs = -1L;
        var lastSegment = segments[^1];
        var last = Last(lastSegment);
        foreach (var segment in segments)
        {
            foreach (var (header, batch) in Batches(segment, cancel))
            {
                var at = buffer.Length;
                var maxTimestampMs = header.MaxTimestampMs;
                switch (filter.Judge(header, batch.Span))
                {
                    case BatchFate.Whole:
                        buffer.Write(batch.Span);
                        break;
                    case BatchFate.Part:
                        maxTimestampMs = filter.WritePart(header, batch.Span, buffer);
                        break;
                    case BatchFate.Empty when segment == lastSegment && header.BaseOffset == last:
                        // A segment is as old as its youngest record; without any, as the one that was there.
                        if (keptTimestampMs >= 0) maxTimestampMs = keptTimestampMs;
                        BatchFilter.WriteEmpty(batch.Span, maxTimestampMs, buffer);
                        break;
                }

                var size = buffer.Length - at;
                if (size == 0) continue;
                keptTimestampMs = Math.Max(keptTimestampMs, maxTimestampMs);
                index.Add(header.LastOffset, (int)(position + at), size, maxTimestampMs);
                if (buffer.Length < ChunkBytes) continue;
                file.Write(buffer.WrittenSpan, position);
                position += buffer.Length;
                buffer.Reset();
            }
        }

        if (buffer.Length > 0) file.Write(buffer.WrittenSpan, position);
        position += buffer.Length;
        file.Sync();
        index.Finish();
        return new Rewritten(segments, index, position);
    }

    /// <summary>The base offset of a segment's last batch.</summary>
    private long Last(Segment segment)
    {
        using var log = files.Open(segment.Name.LogPath, FileOpen.Read);
        using var walker = new BatchWalker(log, 0, segment.ReadableBytes, ChunkBytes);
        var last = -1L;
        while (walker.MoveNext()) last = walker.Header.BaseOffset;
        return last;
    }

    private IEnumerable<(RecordBatchHeader Header, ReadOnlyMemory<byte> Batch)> Batches(Segment segment, CancellationToken cancel) =>
        SegmentBatches.Read(files, segment, 0, cancel);
}

/// <summary>A segment that was written to take the place of others.</summary>
internal sealed record Rewritten(IReadOnlyList<Segment> Replaced, SegmentIndex Index, long Bytes);

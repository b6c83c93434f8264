using Sluice.Bytes;
using Sluice.Log.Records;
using Sluice.Log.Segments;

namespace Sluice.Log.Partitions;

/// <summary>Reads of a partition, each from a snapshot of its segments; any number at a time.</summary>
internal sealed partial class PartitionReader(Partition partition, OpenFiles files, int readBytesMax)
{
    // Two index intervals: the batch wanted is nearly always in the first chunk after the index entry.
    private const int LocateChunkBytes = 2 * LogLimits.IndexIntervalBytes;
    private const int SearchChunkBytes = 64 << 10;

    /// <param name="into">Where the bytes go; null for memory of their own.</param>
    public IsolatedBatches Read(long offset, int bytesMax, ReadIsolation isolation, ByteWriter? into)
    {
        while (true)
        {
            var swaps = partition.AwaitSwap();
            try
            {
                var read = ReadOnce(offset, bytesMax, isolation, into);
                if (!partition.IsSwapped(swaps)) return read;
            }
            catch (Exception fault) when (fault is CorruptLogException or IOException && partition.IsSwapped(swaps))
            {
                // It met an exchange of files and fell between them.
                continue;
            }
        }
    }

    private IsolatedBatches ReadOnce(long offset, int bytesMax, ReadIsolation isolation, ByteWriter? into)
    {
        try
        {
            return ReadSnapshot(offset, bytesMax, isolation, into);
        }
        catch (IOException fault) when (IsMissing(fault))
        {
            // Retention or a deletion took the segment between the look at the list and the opening of the file.
            if (partition.IsGone) throw new UnknownTopicPartitionException(partition.Name);
            if (offset < partition.Offsets.Start) throw new OffsetOutOfRangeException(partition.Name, offset, partition.Offsets);
            throw;
        }
    }

    public long? OffsetForTimestamp(long timestampMs) => Search(offsets => SearchAll(timestampMs, offsets));

    /// <summary>Searches a snapshot of the segments, again where files were exchanged or taken away meanwhile.</summary>
    private T Search<T>(Func<Watermarks, T> search)
    {
        while (true)
        {
            var swaps = partition.AwaitSwap();
            var offsets = partition.Watermarks;
            try
            {
                var found = search(offsets);
                if (!partition.IsSwapped(swaps)) return found;
            }
            catch (Exception fault) when (fault is CorruptLogException or IOException && partition.IsSwapped(swaps))
            {
                // It met an exchange of files and fell between them.
                continue;
            }
            catch (IOException fault) when (IsMissing(fault) && partition.IsGone)
            {
                throw new UnknownTopicPartitionException(partition.Name);
            }
            catch (IOException fault) when (IsMissing(fault) && partition.Offsets.Start > offsets.Start)
            {
                // Retention took a segment that was being searched: what is left is searched again.
                continue;
            }
        }
    }

    private static bool IsMissing(IOException fault) => fault is FileNotFoundException or DirectoryNotFoundException;

    /// <summary>Bytes that a read from a place on may return, counted as far as they are wanted.</summary>
    private static int Readable(Segment[] segments, int at, long position, int wanted)
    {
        var readable = segments[at].ReadableBytes - position;
        while (readable < wanted && ++at < segments.Length) readable += segments[at].ReadableBytes;
        return (int)Math.Min(readable, wanted);
    }

    private static Memory<byte> Room(ByteWriter? into, int bytes)
    {
        if (into is null) return GC.AllocateUninitializedArray<byte>(bytes);
        into.Reset();
        var room = into.GetMemory(bytes)[..bytes];
        into.Advance(bytes);
        return room;
    }

    private IsolatedBatches ReadSnapshot(long offset, int bytesMax, ReadIsolation isolation, ByteWriter? into)
    {
        var marks = partition.Watermarks;
        if (offset < marks.Start || offset > marks.End) throw new OffsetOutOfRangeException(partition.Name, offset, partition.Offsets);
        var end = marks.EndFor(isolation);
        if (offset >= end) return new IsolatedBatches(default, marks, []);
        var segments = partition.Segments;
        var at = Array.FindLastIndex(segments, s => s.BaseOffset <= offset);
        if (at < 0) throw new OffsetOutOfRangeException(partition.Name, offset, partition.Offsets);
        var first = segments[at];
        var (position, firstBytes) = Locate(segments[at], offset);
        var wanted = Math.Max(firstBytes, Math.Min(bytesMax, readBytesMax));
        var buffer = Room(into, Readable(segments, at, position, wanted));
        var (filled, next, begun) = (0, offset, at);
        for (; at < segments.Length; at++, position = 0)
        {
            var room = (int)Math.Min(buffer.Length - filled, segments[at].ReadableBytes - position);
            var taken = Fill(segments[at], position, buffer.Span.Slice(filled, room), end, ref next);
            filled += taken;
            if (taken < room || filled == buffer.Length || position + taken < segments[at].ReadableBytes) break;
        }

        if (filled == 0) throw new CorruptLogException(first.Name.LogPath, first.ReadableBytes, $"the batch with offset {offset} is cut short.");
        var aborted = isolation == ReadIsolation.Committed ? Aborted(segments.AsSpan(begun), offset, next) : [];
        return new IsolatedBatches(buffer[..filled], marks, aborted);
    }

    /// <summary>The aborted transactions that have batches from one offset on and below another; their markers may lie behind these.</summary>
    private List<AbortedTransaction> Aborted(ReadOnlySpan<Segment> segments, long from, long below)
    {
        var found = new List<AbortedTransaction>();
        foreach (var segment in segments)
        {
            foreach (var aborted in segment.Aborted(files))
            {
                if (aborted.LastOffset >= from && aborted.FirstOffset < below) found.Add(aborted);
                if (aborted.LastStable >= below) return found;
            }
        }

        return found;
    }

    /// <summary>The position and size of the batch that holds an offset.</summary>
    private (long Position, int SizeBytes) Locate(Segment segment, long offset)
    {
        var from = segment.Floor(files, offset);
        using var lease = files.Rent(segment.Name.LogPath);
        using var walker = new BatchWalker(lease.File, from, segment.ReadableBytes, LocateChunkBytes);
        while (walker.MoveNext())
        {
            if (walker.Header.NextOffset > offset) return (walker.Position, walker.Header.SizeBytes);
        }

        throw new CorruptLogException(segment.Name.LogPath, walker.Position, $"the batch with offset {offset} is not there.");
    }

    /// <summary>Reads whole, verified batches below the end; returns their bytes.</summary>
    private int Fill(Segment segment, long position, Span<byte> buffer, long end, ref long next)
    {
        using var lease = files.Rent(segment.Name.LogPath);
        var rest = buffer[..lease.File.Read(buffer, position)];
        var filled = 0;
        while (RecordBatchHeader.TryRead(rest, out var header) && header.SizeBytes <= rest.Length && header.BaseOffset < end)
        {
            if (!header.CrcMatches(rest)) throw Damaged(segment, position + filled);
            filled += header.SizeBytes;
            next = header.NextOffset;
            rest = rest[header.SizeBytes..];
        }

        // Bytes that cannot be the beginning of a batch are damage, not a batch that did not fit.
        if (rest.Length >= RecordBatchHeader.Size && !RecordBatchHeader.TryRead(rest, out _)) throw Damaged(segment, position + filled);
        return filled;
    }

    private long? SearchAll(long timestampMs, Watermarks offsets)
    {
        foreach (var segment in partition.Segments)
        {
            if (segment.MaxTimestampMs < timestampMs) continue;
            if (Search(segment, timestampMs, offsets) is { } found) return found;
        }

        return null;
    }

    private long? Search(Segment segment, long timestampMs, Watermarks offsets)
    {
        var older = segment.LastOffsetBefore(files, timestampMs);
        using var lease = files.Rent(segment.Name.LogPath);
        var from = older < 0 ? 0 : segment.Floor(files, older);
        using var walker = new BatchWalker(lease.File, from, segment.ReadableBytes, SearchChunkBytes);
        while (walker.MoveNext() && walker.Header.BaseOffset < offsets.End)
        {
            if (walker.Header.NextOffset <= offsets.Start || walker.Header.MaxTimestampMs < timestampMs) continue;
            var batch = walker.ReadBatch();
            if (batch.Length < walker.Header.SizeBytes || !walker.Header.CrcMatches(batch)) throw Damaged(segment, walker.Position);
            var records = new RecordReader(batch, offsets.Start);
            while (records.MoveNext())
            {
                if (records.TimestampMs >= timestampMs) return records.Offset;
            }
        }

        return null;
    }

    private static CorruptLogException Damaged(Segment segment, long position) =>
        new(segment.Name.LogPath, position, "the batch does not match its CRC.");
}

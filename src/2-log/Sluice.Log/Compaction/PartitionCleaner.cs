using Sluice.Log.Partitions;
using Sluice.Log.Segments;
using Sluice.Log.Topics;
using Sluice.Log.Transactions;

namespace Sluice.Log.Compaction;

/// <summary>
/// One pass of compaction over a partition: of the records of a key only the last stays, and a tombstone, once nothing older of its key is
/// left, goes after delete.retention.ms (https://kafka.apache.org/documentation/#compaction). Offsets never change. The open segment, and
/// what lies beyond the last stable offset, are not touched.
/// </summary>
/// <remarks>
/// Reads and writes beside the partition's life; only the exchange of the files is done by its writer, which
/// <paramref name="onWriter"/> asks. Nothing depends on a pass: one that ends anywhere is begun again.
/// </remarks>
internal sealed class PartitionCleaner(
    Partition partition, PartitionStorage storage, string directory, TopicConfig config, LogLimits limits, Func<Action<PartitionWriter>, Task> onWriter)
{
    private readonly long _nowMs = storage.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Compacts what is due; false when nothing is.</summary>
    /// <exception cref="CorruptLogException">A batch of the partition is damaged.</exception>
    /// <exception cref="IOException">The disk failed; the partition is as it was.</exception>
    public async Task<bool> RunAsync(CancellationToken cancel)
    {
        var segments = partition.Segments;
        var cleanable = segments.AsSpan(0, Cleanable(segments)).ToArray();
        if (cleanable.Length == 0) return false;
        var state = CompactionState.Read(storage.Files, directory);
        var cleanTo = Math.Max(state.CleanTo, segments[0].BaseOffset);
        var goneBefore = state.TombstonesGoBefore(_nowMs, config.DeleteRetentionMs);
        if (goneBefore == 0 && !IsDirty(segments, cleanable, cleanTo)) return false;
        var aborted = new AbortedRanges(segments.SelectMany(s => s.Aborted(storage.OpenFiles)));
        var (keys, completeTo) = ReadKeys(aborted, cleanable, cleanTo, segments[cleanable.Length].BaseOffset, cancel);
        var filter = new BatchFilter(keys, aborted, completeTo, goneBefore);
        foreach (var group in Groups(cleanable, completeTo))
        {
            var rewrite = new SegmentRewrite(storage.Files, group, filter);
            if (!rewrite.IsWorthwhile(cancel)) continue;
            var rewritten = Write(rewrite, cancel);
            var isReplaced = false;
            await onWriter(writer => isReplaced = writer.TryReplace(rewritten));
            // Retention, or the end of the partition, was faster.
            if (!isReplaced) return false;
        }

        state.After(completeTo, goneBefore, filter.KeptTombstoneFrom(cleanTo), _nowMs).Write(storage.Files, directory);
        return true;
    }

    private Rewritten Write(SegmentRewrite rewrite, CancellationToken cancel)
    {
        try
        {
            return rewrite.Write(cancel);
        }
        catch (IOException)
        {
            // A file that is void must not fill a disk that may be full already.
            storage.Files.Delete(rewrite.Name.CleanedPath);
            throw;
        }
    }

    /// <summary>How many segments from the first may be rewritten: sealed, decided, and as old as min.compaction.lag.ms asks.</summary>
    private int Cleanable(Segment[] segments)
    {
        var stable = partition.Offsets.End;
        var count = 0;
        while (count < segments.Length - 1
            && segments[count + 1].BaseOffset <= stable
            && (config.MinCompactionLagMs == 0 || _nowMs - segments[count].MaxTimestampMs >= config.MinCompactionLagMs)) count++;
        return count;
    }

    /// <summary>Whether enough has come since the last pass, or something waits longer than max.compaction.lag.ms.</summary>
    private bool IsDirty(Segment[] segments, Segment[] cleanable, long cleanTo)
    {
        var dirtyFrom = cleanable.Length;
        while (dirtyFrom > 0 && segments[dirtyFrom].BaseOffset > cleanTo) dirtyFrom--;
        if (dirtyFrom == cleanable.Length) return false;
        var dirtyBytes = cleanable[dirtyFrom..].Sum(s => s.ReadableBytes);
        if (dirtyBytes >= config.MinCleanableDirtyRatio * cleanable.Sum(s => s.ReadableBytes)) return true;
        return _nowMs - cleanable[dirtyFrom].MaxTimestampMs >= config.MaxCompactionLagMs;
    }

    /// <summary>The last offset of each key from an offset on, and how far the table could hold them.</summary>
    private (KeyOffsets Keys, long CompleteTo) ReadKeys(
        AbortedRanges aborted, Segment[] cleanable, long from, long end, CancellationToken cancel)
    {
        var keys = new KeyOffsets(limits.CompactionKeysBytesMax);
        for (var i = 0; i < cleanable.Length; i++)
        {
            var segmentEnd = i + 1 < cleanable.Length ? cleanable[i + 1].BaseOffset : end;
            if (segmentEnd <= from) continue;
            foreach (var (header, batch) in SegmentBatches.Read(storage.Files, cleanable[i], from, cancel))
            {
                if (header.IsControl || aborted.Hold(header, batch.Span)) continue;
                if (!keys.HasRoomFor(header.RecordCount)) return (keys, header.BaseOffset);
                var records = new RecordReader(batch.Span, from);
                while (records.MoveNext())
                {
                    if (!records.Key.IsNull) keys.Put(records.Key.Span, records.Offset);
                }
            }
        }

        return (keys, end);
    }

    /// <summary>Neighbouring segments that together are no larger than one may be, as far as there is something to clean.</summary>
    private IEnumerable<List<Segment>> Groups(Segment[] cleanable, long completeTo)
    {
        var group = new List<Segment>();
        var bytes = 0L;
        foreach (var segment in cleanable.TakeWhile(s => s.BaseOffset < completeTo))
        {
            var fits = bytes + segment.ReadableBytes <= config.SegmentBytes
                // A file of aborted transactions belongs to the segment that its name says.
                && !segment.HasAborts
                // Index entries keep offsets relative to the base in 32 bits, of the segment's end too.
                && (group.Count == 0 || segment.BaseOffset - group[0].BaseOffset < int.MaxValue / 2);
            if (!fits && group.Count > 0)
            {
                yield return group;
                group = [];
                bytes = 0;
            }

            group.Add(segment);
            bytes += segment.ReadableBytes;
        }

        if (group.Count > 0) yield return group;
    }
}

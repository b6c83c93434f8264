using System.Buffers.Binary;
using Sluice.Bytes;
using Sluice.Log.Records;
using Sluice.Log.Transactions;

namespace Sluice.Log.Compaction;

/// <summary>
/// Decides what compaction keeps of a batch, and writes it. A batch keeps its offsets, its producer and its place whatever it loses, as in
/// Kafka.
/// </summary>
/// <param name="keys">The last offset of each key.</param>
/// <param name="aborted">Batches of aborted transactions: they hold no records, and none of theirs is kept.</param>
/// <param name="completeTo">Up to it the keys are complete; what lies beyond stays as it is.</param>
/// <param name="tombstonesFrom">Tombstones below it go.</param>
internal sealed class BatchFilter(KeyOffsets keys, AbortedRanges aborted, long completeTo, long tombstonesFrom)
{
    private readonly List<Range> _kept = [];

    /// <summary>Tombstones kept at or beyond an offset, below <c>completeTo</c>.</summary>
    public bool KeptTombstoneFrom(long offset) => LastTombstone >= offset;

    /// <summary>The last tombstone that was kept; -1 when there is none.</summary>
    private long LastTombstone { get; set; } = -1;

    /// <summary>Looks at a whole batch that its CRC vouches for.</summary>
    public BatchFate Judge(in RecordBatchHeader header, ReadOnlySpan<byte> batch)
    {
        if (header.BaseOffset >= completeTo || header.IsControl) return BatchFate.Whole;
        if (aborted.Hold(header, batch)) return BatchFate.Empty;
        var records = Plain(header, batch);
        Keep(header, records);
        if (_kept.Count == header.RecordCount && header.RecordCount > 0) return BatchFate.Whole;
        return _kept.Count == 0 ? BatchFate.Empty : BatchFate.Part;
    }

    /// <summary>Writes what is left of the batch that was judged last, which is a part of it.</summary>
    /// <returns>The largest timestamp of what is left.</returns>
    public long WritePart(in RecordBatchHeader header, ReadOnlySpan<byte> batch, ByteWriter into)
    {
        var records = Plain(header, batch);
        using var left = new ByteWriter(records.Length);
        var maxTimestampMs = long.MinValue;
        foreach (var range in _kept)
        {
            left.Write(records[range]);
            var cursor = new RecordCursor(records[range]);
            cursor.Read();
            maxTimestampMs = Math.Max(maxTimestampMs, header.BaseTimestampMs + cursor.TimestampDelta);
        }

        if (header.IsLogAppendTime) maxTimestampMs = header.MaxTimestampMs;
        Write(batch, RecordCompression.Compress(header.Compression, left.WrittenSpan).Span, _kept.Count, maxTimestampMs, into);
        return maxTimestampMs;
    }

    /// <summary>Writes a batch without records, which holds the place of those that are gone at the end of a segment.</summary>
    public static void WriteEmpty(ReadOnlySpan<byte> batch, long maxTimestampMs, ByteWriter into)
    {
        var at = into.Length;
        Write(batch, [], 0, maxTimestampMs, into);
        var empty = into.WrittenSpan[at..];
        var attributes = BinaryPrimitives.ReadInt16BigEndian(empty[RecordBatchHeader.AttributesAt..]);
        BinaryPrimitives.WriteInt16BigEndian(empty[RecordBatchHeader.AttributesAt..], (short)(attributes & ~RecordBatchHeader.CompressionMask));
        RecordBatchHeader.Seal(empty);
    }

    private static void Write(ReadOnlySpan<byte> batch, ReadOnlySpan<byte> records, int count, long maxTimestampMs, ByteWriter into)
    {
        var at = into.Length;
        into.Write(batch[..RecordBatchHeader.Size]);
        into.Write(records);
        var written = into.WrittenSpan[at..];
        BinaryPrimitives.WriteInt32BigEndian(written[RecordBatchHeader.LengthAt..], written.Length - RecordBatchHeader.LengthOverhead);
        BinaryPrimitives.WriteInt32BigEndian(written[RecordBatchHeader.RecordCountAt..], count);
        RecordBatchHeader.SetMaxTimestamp(written, maxTimestampMs);
    }

    private static ReadOnlySpan<byte> Plain(in RecordBatchHeader header, ReadOnlySpan<byte> batch)
    {
        var records = batch[RecordBatchHeader.Size..header.SizeBytes];
        return header.Compression == CompressionType.None || header.RecordCount == 0
            ? records
            : RecordDecompression.Decompress(header.Compression, records, LogLimits.DecompressedBytesMax);
    }

    private void Keep(in RecordBatchHeader header, ReadOnlySpan<byte> records)
    {
        _kept.Clear();
        var cursor = new RecordCursor(records);
        for (var i = 0; i < header.RecordCount; i++)
        {
            var from = cursor.Position;
            cursor.Read();
            var offset = header.BaseOffset + cursor.OffsetDelta;
            if (!Keeps(offset, cursor)) continue;
            _kept.Add(from..cursor.Position);
            if (cursor.ValueIsNull && offset < completeTo) LastTombstone = Math.Max(LastTombstone, offset);
        }
    }

    private bool Keeps(long offset, in RecordCursor record)
    {
        if (offset >= completeTo) return true;
        // A record without a key comes from before the topic was compacted, and can stand for nothing in it.
        if (record.KeyIsNull) return false;
        if (keys.Find(record.Key) > offset) return false;
        return !record.ValueIsNull || offset >= tombstonesFrom;
    }
}

/// <summary>What is left of a batch.</summary>
internal enum BatchFate
{
    Whole,
    Part,
    Empty,
}

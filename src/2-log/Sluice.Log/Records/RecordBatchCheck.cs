namespace Sluice.Log.Records;

/// <summary>
/// Decides whether a batch may enter the log: what gets in must be readable by every consumer, so the records are walked, not only
/// the CRC compared.
/// </summary>
internal static class RecordBatchCheck
{
    /// <param name="needsKeys">Every record has to have a key, as compaction asks.</param>
    public static AppendError Check(ReadOnlySpan<byte> bytes, int batchBytesMax, out CheckedBatch batch, bool needsKeys = false)
    {
        batch = default;
        if (!RecordBatchHeader.TryRead(bytes, out var header) || header.SizeBytes != bytes.Length) return AppendError.CorruptMessage;
        if (bytes.Length > batchBytesMax) return AppendError.MessageTooLarge;
        if (header.RecordCount < 1 || header.LastOffsetDelta != header.RecordCount - 1) return AppendError.CorruptMessage;
        var producer = ProducerStamp.Read(bytes);
        // Control batches are the log's own, and a transaction is one of a producer that has an id.
        if (header.IsControl || (header.IsTransactional && !producer.IsIdempotent)) return AppendError.CorruptMessage;
        if (!header.CrcMatches(bytes) || !TryWalk(header, bytes[RecordBatchHeader.Size..], out var maxTimestampMs, out var hasKeys))
            return AppendError.CorruptMessage;
        if (needsKeys && !hasKeys) return AppendError.MissingKey;
        batch = new CheckedBatch(
            header.LastOffsetDelta, maxTimestampMs, MaxTimestampIsWrong: maxTimestampMs != header.MaxTimestampMs, producer, header.IsTransactional);
        return AppendError.None;
    }

    private static bool TryWalk(in RecordBatchHeader header, ReadOnlySpan<byte> records, out long maxTimestampMs, out bool hasKeys)
    {
        maxTimestampMs = long.MinValue;
        hasKeys = true;
        try
        {
            if (header.Compression != CompressionType.None)
                records = RecordDecompression.Decompress(header.Compression, records, LogLimits.DecompressedBytesMax);
            var cursor = new RecordCursor(records);
            for (var i = 0; i < header.RecordCount; i++)
            {
                cursor.Read();
                if (cursor.OffsetDelta != i) return false;
                hasKeys &= !cursor.KeyIsNull;
                maxTimestampMs = Math.Max(maxTimestampMs, header.BaseTimestampMs + cursor.TimestampDelta);
            }

            if (header.IsLogAppendTime) maxTimestampMs = header.MaxTimestampMs;
            return cursor.AtEnd;
        }
        catch (InvalidDataException)
        {
            // A malformed batch is an answer to the caller, not a fault of this process.
            return false;
        }
    }
}

/// <summary>What the writer needs of a batch that was found good.</summary>
/// <param name="Marker">Set for a control batch of the log's own.</param>
internal readonly record struct CheckedBatch(
    int LastOffsetDelta,
    long MaxTimestampMs,
    bool MaxTimestampIsWrong,
    ProducerStamp Producer = default,
    bool IsTransactional = false,
    TransactionMarker? Marker = null);

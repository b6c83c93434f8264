using System.Buffers.Binary;
using Sluice.Log.Records;

namespace Sluice.Log;

/// <summary>
/// The end of a producer's transaction in a partition: a control batch with one record whose key says whether it was committed or
/// aborted (https://kafka.apache.org/documentation/#controlbatch).
/// </summary>
/// <param name="Epoch">The producer's epoch; a partition that knows a higher one refuses the marker.</param>
/// <param name="CoordinatorEpoch">Of the coordinator that decided; stays 0 where there is only one.</param>
public readonly record struct TransactionMarker(long ProducerId, short Epoch, bool IsCommit, int CoordinatorEpoch = 0)
{
    private const short TypeAbort = 0;
    private const short TypeCommit = 1;
    private const int KeyBytes = 4;
    private const int ValueBytes = 6;

    /// <summary>The control batch, base offset 0.</summary>
    internal byte[] ToBatch(long timestampMs)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        BinaryPrimitives.WriteInt16BigEndian(key, 0);
        BinaryPrimitives.WriteInt16BigEndian(key[2..], IsCommit ? TypeCommit : TypeAbort);
        Span<byte> value = stackalloc byte[ValueBytes];
        BinaryPrimitives.WriteInt16BigEndian(value, 0);
        BinaryPrimitives.WriteInt32BigEndian(value[2..], CoordinatorEpoch);
        var builder = new RecordBatchBuilder();
        builder.Append(timestampMs, RecordBytes.Of(key), RecordBytes.Of(value));
        var batch = builder.Build().ToArray();
        builder.Release();
        RecordBatchHeader.StampMarker(batch, ProducerId, Epoch);
        return batch;
    }

    /// <summary>Reads a control batch that is whole; null when it is none of these two, as the control batches of other uses are.</summary>
    internal static TransactionMarker? Read(ReadOnlySpan<byte> batch)
    {
        var stamp = ProducerStamp.Read(batch);
        if (!stamp.IsIdempotent) return null;
        var record = new RecordCursor(batch[RecordBatchHeader.Size..]);
        record.Read();
        if (record.Key.Length < KeyBytes || record.Value.Length < ValueBytes) return null;
        var type = BinaryPrimitives.ReadInt16BigEndian(record.Key[2..]);
        if (type is not (TypeAbort or TypeCommit)) return null;
        return new TransactionMarker(stamp.Id, stamp.Epoch, type == TypeCommit, BinaryPrimitives.ReadInt32BigEndian(record.Value[2..]));
    }
}

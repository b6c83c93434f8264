using System.Buffers.Binary;

namespace Sluice.Log.Records;

/// <summary>
/// What an idempotent producer writes into a batch (KIP-98): its id, its epoch, and the sequence number of the first record. The default
/// is a batch of a producer that is not idempotent.
/// </summary>
internal readonly record struct ProducerStamp(bool IsIdempotent, long Id, short Epoch, int FirstSequence)
{
    /// <summary>Reads the stamp of a whole batch.</summary>
    public static ProducerStamp Read(ReadOnlySpan<byte> batch)
    {
        var id = BinaryPrimitives.ReadInt64BigEndian(batch[RecordBatchHeader.ProducerIdAt..]);
        return id < 0
            ? default
            : new ProducerStamp(
                true,
                id,
                BinaryPrimitives.ReadInt16BigEndian(batch[RecordBatchHeader.ProducerEpochAt..]),
                BinaryPrimitives.ReadInt32BigEndian(batch[RecordBatchHeader.BaseSequenceAt..]));
    }

    /// <summary>The sequence number of the record <paramref name="delta"/> after one; after the largest comes 0.</summary>
    public static int Advance(int sequence, int delta) => (int)(((long)sequence + delta) & int.MaxValue);
}

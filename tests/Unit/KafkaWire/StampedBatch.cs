using System.Buffers.Binary;
using Sluice.Bytes;

namespace Sluice.Unit.KafkaWire;

/// <summary>Changes fields of a finished batch, as clients that we do not have would send it.</summary>
internal static class StampedBatch
{
    private const int CrcAt = 17;
    private const int AttributesAt = 21;
    private const int ProducerIdAt = 43;

    public static byte[] WithProducer(this byte[] batch, long id, short epoch, int firstSequence) => Change(batch, b =>
    {
        BinaryPrimitives.WriteInt64BigEndian(b.AsSpan(ProducerIdAt), id);
        BinaryPrimitives.WriteInt16BigEndian(b.AsSpan(ProducerIdAt + 8), epoch);
        BinaryPrimitives.WriteInt32BigEndian(b.AsSpan(ProducerIdAt + 10), firstSequence);
    });

    public static byte[] WithAttributes(this byte[] batch, short attributes) =>
        Change(batch, b => BinaryPrimitives.WriteInt16BigEndian(b.AsSpan(AttributesAt), attributes));

    private static byte[] Change(byte[] batch, Action<byte[]> change)
    {
        var changed = batch.ToArray();
        change(changed);
        BinaryPrimitives.WriteUInt32BigEndian(changed.AsSpan(CrcAt), Crc32C.Compute(changed.AsSpan(AttributesAt)));
        return changed;
    }
}

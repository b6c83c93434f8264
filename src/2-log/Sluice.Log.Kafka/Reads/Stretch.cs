using System.Buffers.Binary;
using Sluice.Bytes;

namespace Sluice.Log.Kafka.Reads;

/// <summary>A RecordBatch v2 that covers the offsets from <paramref name="First"/> to before <paramref name="Next"/>.</summary>
internal sealed record Stretch(long First, long Next, byte[] Bytes)
{
    private const int HeaderBytes = 61;
    private const int LengthAt = 8;
    private const int LengthOverhead = 12;
    private const int MagicAt = 16;
    private const int CrcAt = 17;
    private const int AttributesAt = 21;
    private const int LastOffsetDeltaAt = 23;
    private const short ControlBit = 0x20;

    /// <summary>A finished batch at its place.</summary>
    public static Stretch Of(long first, long next, ReadOnlyMemory<byte> batch)
    {
        var bytes = batch.ToArray();
        BinaryPrimitives.WriteInt64BigEndian(bytes, first);
        return new Stretch(first, next, bytes);
    }

    /// <summary>
    /// Offsets without a record that a reader may see: transaction markers, aborted and compacted records. A control batch, which readers
    /// step over, so that their position moves on.
    /// </summary>
    public static Stretch Empty(long first, long next)
    {
        var bytes = new byte[HeaderBytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, first);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(LengthAt), HeaderBytes - LengthOverhead);
        bytes[MagicAt] = 2;
        BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(AttributesAt), ControlBit);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(LastOffsetDeltaAt), checked((int)(next - first - 1)));
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(CrcAt), Crc32C.Compute(bytes.AsSpan(AttributesAt)));
        return new Stretch(first, next, bytes);
    }
}

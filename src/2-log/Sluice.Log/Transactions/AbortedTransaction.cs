using System.Buffers.Binary;

namespace Sluice.Log;

/// <summary>
/// A transaction whose producer gave it up: the batches of that producer between the two offsets are no records for who reads what is
/// committed (KIP-98).
/// </summary>
/// <param name="FirstOffset">The first offset of the transaction in this partition.</param>
/// <param name="LastOffset">The offset of the marker that ended it.</param>
/// <param name="LastStable">The last stable offset right behind the marker: what was aborted later begins there or after it.</param>
public readonly record struct AbortedTransaction(long ProducerId, long FirstOffset, long LastOffset, long LastStable)
{
    /// <summary>Bytes of an entry of a segment's <c>.txnindex</c>, as Kafka writes it: a version, which is 0, and four numbers.</summary>
    internal const int Size = sizeof(short) + (4 * sizeof(long));

    internal static AbortedTransaction Read(ReadOnlySpan<byte> entry) => new(
        BinaryPrimitives.ReadInt64BigEndian(entry[2..]),
        BinaryPrimitives.ReadInt64BigEndian(entry[10..]),
        BinaryPrimitives.ReadInt64BigEndian(entry[18..]),
        BinaryPrimitives.ReadInt64BigEndian(entry[26..]));

    internal void Write(Span<byte> entry)
    {
        BinaryPrimitives.WriteInt16BigEndian(entry, 0);
        BinaryPrimitives.WriteInt64BigEndian(entry[2..], ProducerId);
        BinaryPrimitives.WriteInt64BigEndian(entry[10..], FirstOffset);
        BinaryPrimitives.WriteInt64BigEndian(entry[18..], LastOffset);
        BinaryPrimitives.WriteInt64BigEndian(entry[26..], LastStable);
    }
}

using System.Buffers.Binary;

namespace Sluice.Log.Segments;

/// <summary>An entry of a <c>.index</c> file: the last offset of a batch, relative to the segment's base, and where the batch begins.</summary>
internal readonly record struct OffsetIndexEntry(int RelativeOffset, int Position)
{
    public const int Size = 8;

    public static OffsetIndexEntry Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadInt32BigEndian(bytes), BinaryPrimitives.ReadInt32BigEndian(bytes[4..]));

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt32BigEndian(bytes, RelativeOffset);
        BinaryPrimitives.WriteInt32BigEndian(bytes[4..], Position);
    }
}

/// <summary>
/// An entry of a <c>.timeindex</c> file: the largest timestamp of the segment so far, and the last offset, relative to the segment's
/// base, of the batch that holds it. No record up to that offset has a later timestamp.
/// </summary>
internal readonly record struct TimeIndexEntry(long TimestampMs, int RelativeOffset)
{
    public const int Size = 12;

    public static TimeIndexEntry Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadInt64BigEndian(bytes), BinaryPrimitives.ReadInt32BigEndian(bytes[8..]));

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt64BigEndian(bytes, TimestampMs);
        BinaryPrimitives.WriteInt32BigEndian(bytes[8..], RelativeOffset);
    }
}

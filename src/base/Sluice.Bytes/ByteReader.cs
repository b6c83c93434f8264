using System.Buffers.Binary;

namespace Sluice.Bytes;

/// <summary>
/// Reads big-endian numbers and base-128 varints from a span, never beyond its end: every method throws
/// <see cref="InvalidDataException"/> when the bytes run out or a varint is longer than its type.
/// </summary>
public ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    public readonly int Remaining => _bytes.Length - Position;

    public byte ReadByte() => Read(1)[0];

    public short ReadInt16() => BinaryPrimitives.ReadInt16BigEndian(Read(sizeof(short)));

    public int ReadInt32() => BinaryPrimitives.ReadInt32BigEndian(Read(sizeof(int)));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32BigEndian(Read(sizeof(uint)));

    public long ReadInt64() => BinaryPrimitives.ReadInt64BigEndian(Read(sizeof(long)));

    /// <summary>The next <paramref name="count"/> bytes, without a copy.</summary>
    public ReadOnlySpan<byte> Read(int count)
    {
        if ((uint)count > (uint)Remaining) ThrowEnd(count);
        var slice = _bytes.Slice(Position, count);
        Position += count;
        return slice;
    }

    /// <summary>A base-128 varint of at most 32 bits, least significant group first.</summary>
    public uint ReadUnsignedVarint()
    {
        // Most lengths and deltas take one byte.
        if (Remaining > 0 && _bytes[Position] < 0x80) return _bytes[Position++];
        var value = ReadUnsignedVarlong();
        if (value > uint.MaxValue) ThrowVarint();
        return (uint)value;
    }

    /// <summary>A base-128 varint of at most 64 bits, least significant group first.</summary>
    public ulong ReadUnsignedVarlong()
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var b = ReadByte();
            if (shift == 63 && b > 1) break;
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return value;
        }

        ThrowVarint();
        return 0;
    }

    /// <summary>A zigzag varint of at most 32 bits: 0, -1, 1, -2 are 0, 1, 2, 3.</summary>
    public int ReadVarint()
    {
        var value = ReadUnsignedVarint();
        return (int)(value >> 1) ^ -(int)(value & 1);
    }

    /// <summary>A zigzag varint of at most 64 bits.</summary>
    public long ReadVarlong()
    {
        var value = ReadUnsignedVarlong();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private readonly void ThrowEnd(int count) =>
        throw new InvalidDataException($"{count} bytes are wanted at position {Position}, {Remaining} remain.");

    private readonly void ThrowVarint() =>
        throw new InvalidDataException($"The varint that ends at position {Position} is longer than its type.");
}

using System.Buffers;
using System.Buffers.Binary;

namespace Sluice.Bytes;

/// <summary>Writes big-endian numbers and base-128 varints into a pooled buffer that grows up to a bound.</summary>
/// <remarks>Not for use by several threads. What <see cref="Written"/> returned is void after the next write, reset or dispose.</remarks>
public sealed class ByteWriter : IBufferWriter<byte>, IDisposable
{
    private const int VarlongBytesMax = 10;
    private readonly int _bytesMax;
    private byte[] _buffer;

    /// <param name="initialBytes">Room taken at the start.</param>
    /// <param name="bytesMax">Beyond this a write throws <see cref="InvalidOperationException"/>.</param>
    public ByteWriter(int initialBytes = 256, int bytesMax = int.MaxValue)
    {
        _bytesMax = Math.Min(bytesMax, Array.MaxLength);
        _buffer = ArrayPool<byte>.Shared.Rent(initialBytes);
    }

    public int Length { get; private set; }

    /// <summary>Bytes of the pooled buffer that it holds.</summary>
    public int Capacity => _buffer.Length;

    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, Length);

    /// <summary>The bytes written so far, for patching lengths and checksums.</summary>
    public Span<byte> WrittenSpan => _buffer.AsSpan(0, Length);

    /// <summary>Empties the writer, or cuts it back to a length reached before; the buffer is kept.</summary>
    public void Reset(int length = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)Length, nameof(length));
        Length = length;
    }

    public void WriteByte(byte value) => Take(1)[0] = value;

    public void WriteInt16(short value) => BinaryPrimitives.WriteInt16BigEndian(Take(sizeof(short)), value);

    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32BigEndian(Take(sizeof(int)), value);

    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Take(sizeof(uint)), value);

    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64BigEndian(Take(sizeof(long)), value);

    public void Write(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>A base-128 varint, least significant group first.</summary>
    public void WriteUnsignedVarint(uint value) => WriteUnsignedVarlong(value);

    /// <inheritdoc cref="WriteUnsignedVarint"/>
    public void WriteUnsignedVarlong(ulong value)
    {
        var span = GetSpan(VarlongBytesMax);
        var count = 0;
        for (; value >= 0x80; value >>= 7) span[count++] = (byte)(value | 0x80);
        span[count++] = (byte)value;
        Length += count;
    }

    /// <summary>A zigzag varint: 0, -1, 1, -2 are 0, 1, 2, 3.</summary>
    public void WriteVarint(int value) => WriteUnsignedVarlong((uint)((value << 1) ^ (value >> 31)));

    /// <inheritdoc cref="WriteVarint"/>
    public void WriteVarlong(long value) => WriteUnsignedVarlong((ulong)((value << 1) ^ (value >> 63)));

    /// <summary>How many bytes <see cref="WriteVarint"/> and <see cref="WriteVarlong"/> take for this value.</summary>
    public static int VarlongSize(long value)
    {
        var bits = 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)((value << 1) ^ (value >> 63)) | 1);
        return (bits + 6) / 7;
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_buffer.Length - Length), nameof(count));
        Length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Grow(Math.Max(sizeHint, 1));
        return _buffer.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Grow(Math.Max(sizeHint, 1));
        return _buffer.AsSpan(Length);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        Length = 0;
    }

    private Span<byte> Take(int count)
    {
        Grow(count);
        var span = _buffer.AsSpan(Length, count);
        Length += count;
        return span;
    }

    private void Grow(int count)
    {
        if (_buffer.Length - Length >= count) return;
        var wanted = (long)Length + count;
        if (wanted > _bytesMax) throw new InvalidOperationException($"{wanted} bytes are more than the writer's bound of {_bytesMax}.");
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Max(wanted, Math.Min(_buffer.Length * 2L, _bytesMax)));
        WrittenSpan.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}

using System.Buffers.Binary;
using System.Text;
using Sluice.Bytes;

namespace Sluice.KafkaWire.Wire;

/// <summary>
/// Reads the fields of a request in either encoding: classic (lengths of fixed size) or flexible (KIP-482: varint lengths plus one, and
/// tagged fields). Never beyond the end, and never an array longer than the bytes that are left.
/// </summary>
/// <remarks>Every method throws <see cref="InvalidDataException"/> for bytes that no client would send; the connection ends then.</remarks>
internal ref struct KafkaReader
{
    private readonly ReadOnlyMemory<byte> _memory;
    private ByteReader _reader;

    public KafkaReader(ReadOnlyMemory<byte> bytes, bool isFlexible)
    {
        _memory = bytes;
        _reader = new ByteReader(bytes.Span);
        IsFlexible = isFlexible;
    }

    public bool IsFlexible { get; }

    /// <summary>Bytes read so far.</summary>
    public readonly int Position => _reader.Position;

    public readonly int Remaining => _reader.Remaining;

    public sbyte ReadInt8() => (sbyte)_reader.ReadByte();

    public bool ReadBool() => _reader.ReadByte() != 0;

    public short ReadInt16() => _reader.ReadInt16();

    public int ReadInt32() => _reader.ReadInt32();

    public long ReadInt64() => _reader.ReadInt64();

    public Guid ReadUuid() => new(_reader.Read(16), bigEndian: true);

    public string ReadString() => ReadNullableString() ?? throw new InvalidDataException($"The string before position {Position} is null.");

    public string? ReadNullableString()
    {
        var length = IsFlexible ? ReadCompactLength() : _reader.ReadInt16();
        return length < 0 ? NullOf(length) : Encoding.UTF8.GetString(_reader.Read(length));
    }

    /// <summary>A string in the classic encoding, whatever the encoding of the rest: the client id of every request header.</summary>
    public string? ReadClassicNullableString()
    {
        var length = _reader.ReadInt16();
        return length < 0 ? NullOf(length) : Encoding.UTF8.GetString(_reader.Read(length));
    }

    /// <summary>Bytes as a part of the request, without a copy; empty when null.</summary>
    public ReadOnlyMemory<byte> ReadBytes()
    {
        var length = IsFlexible ? ReadCompactLength() : _reader.ReadInt32();
        if (length < -1) throw new InvalidDataException($"Bytes of length {length} end at position {Position}.");
        if (length <= 0) return default;
        var start = Position;
        _reader.Read(length);
        return _memory.Slice(start, length);
    }

    /// <summary>The number of elements; -1 for null.</summary>
    public int ReadNullableArrayLength()
    {
        var count = IsFlexible ? ReadCompactLength() : _reader.ReadInt32();
        // An element takes a byte at least.
        if (count < -1 || count > Remaining || count > KafkaLimits.ArrayElementsMax)
            throw new InvalidDataException($"An array claims {count} elements, {Remaining} bytes remain.");
        return count;
    }

    /// <summary>The number of elements; 0 for null.</summary>
    public int ReadArrayLength() => Math.Max(0, ReadNullableArrayLength());

    public int[] ReadInt32Array() => ReadNullableInt32Array() ?? [];

    public int[]? ReadNullableInt32Array()
    {
        var count = ReadNullableArrayLength();
        if (count < 0) return null;
        var values = new int[count];
        for (var i = 0; i < values.Length; i++) values[i] = ReadInt32();
        return values;
    }

    public string[] ReadStringArray() => ReadNullableStringArray() ?? [];

    public string[]? ReadNullableStringArray()
    {
        var count = ReadNullableArrayLength();
        if (count < 0) return null;
        var values = new string[count];
        for (var i = 0; i < values.Length; i++) values[i] = ReadString();
        return values;
    }

    /// <summary>Steps over the tagged fields that end a structure of the flexible encoding; the classic one has none.</summary>
    public void SkipTags()
    {
        if (!IsFlexible) return;
        for (var count = _reader.ReadUnsignedVarint(); count > 0; count--)
        {
            _reader.ReadUnsignedVarint();
            var size = _reader.ReadUnsignedVarint();
            if (size > (uint)Remaining) throw new InvalidDataException($"A tagged field claims {size} bytes, {Remaining} remain.");
            _reader.Read((int)size);
        }
    }

    private int ReadCompactLength()
    {
        var length = (long)_reader.ReadUnsignedVarint() - 1;
        return length <= int.MaxValue ? (int)length : throw new InvalidDataException($"A length of {length} ends at position {Position}.");
    }

    private static string? NullOf(int length) =>
        length == -1 ? null : throw new InvalidDataException($"A string claims {length} bytes.");
}

/// <summary>What stands before every request; <see cref="BodyAt"/> is where the API's own fields begin.</summary>
internal readonly record struct RequestHeader(short ApiKey, short Version, int CorrelationId, string? ClientId, int BodyAt)
{
    /// <summary>Bytes of the fields that every version of the header begins with.</summary>
    public const int FixedBytes = 8;

    public static short ReadApiKey(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadInt16BigEndian(frame);

    public static short ReadVersion(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadInt16BigEndian(frame[2..]);

    public static int ReadCorrelationId(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadInt32BigEndian(frame[4..]);

    /// <summary>Reads a whole header; <paramref name="isFlexible"/> as the API's version is.</summary>
    /// <exception cref="InvalidDataException">The bytes are no header.</exception>
    public static RequestHeader Read(ReadOnlyMemory<byte> frame, bool isFlexible)
    {
        var reader = new KafkaReader(frame, isFlexible);
        var (key, version, correlationId) = (reader.ReadInt16(), reader.ReadInt16(), reader.ReadInt32());
        var clientId = reader.ReadClassicNullableString();
        reader.SkipTags();
        return new RequestHeader(key, version, correlationId, clientId, reader.Position);
    }
}

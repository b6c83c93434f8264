using Sluice.Bytes;

namespace Sluice.Log.Records;

/// <summary>Reads the records of one batch, already decompressed, field by field.</summary>
internal ref struct RecordCursor(ReadOnlySpan<byte> records)
{
    private readonly ReadOnlySpan<byte> _records = records;
    private ByteReader _reader = new(records);

    public readonly bool AtEnd => _reader.Remaining == 0;

    /// <summary>Bytes read so far: where the next record begins.</summary>
    public readonly int Position => _reader.Position;

    public long TimestampDelta { get; private set; }

    public int OffsetDelta { get; private set; }

    public bool KeyIsNull { get; private set; }

    public bool ValueIsNull { get; private set; }

    public ReadOnlySpan<byte> Key { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    public int HeaderCount { get; private set; }

    /// <summary>The headers as they are stored, each a key and a value with their lengths.</summary>
    public ReadOnlySpan<byte> Headers { get; private set; }

    /// <exception cref="InvalidDataException">The bytes are not a record.</exception>
    public void Read()
    {
        var size = _reader.ReadVarint();
        var end = _reader.Position + (long)size;
        if (size < 0 || size > _reader.Remaining) throw new InvalidDataException($"A record claims {size} bytes, {_reader.Remaining} remain.");
        _reader.ReadByte();
        TimestampDelta = _reader.ReadVarlong();
        OffsetDelta = _reader.ReadVarint();
        Key = ReadNullable(out var keyIsNull);
        KeyIsNull = keyIsNull;
        Value = ReadNullable(out var valueIsNull);
        ValueIsNull = valueIsNull;
        SkipHeaders();
        if (_reader.Position != end) throw new InvalidDataException($"A record ends at byte {_reader.Position}, its length says {end}.");
    }

    private void SkipHeaders()
    {
        HeaderCount = _reader.ReadVarint();
        if (HeaderCount < 0) throw new InvalidDataException($"A record has {HeaderCount} headers.");
        var start = _reader.Position;
        for (var headers = HeaderCount; headers > 0; headers--)
        {
            ReadNullable(out var keyIsNull);
            if (keyIsNull) throw new InvalidDataException("A record header has no key.");
            ReadNullable(out _);
        }

        Headers = _records[start.._reader.Position];
    }

    private ReadOnlySpan<byte> ReadNullable(out bool isNull)
    {
        var length = _reader.ReadVarint();
        isNull = length == -1;
        return isNull ? default : _reader.Read(length);
    }
}

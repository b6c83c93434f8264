using Sluice.Bytes;
using Sluice.Log.Records;

namespace Sluice.Log;

/// <summary>
/// Walks the records of consecutive RecordBatch v2, decompressing where needed, from a first offset on. Control batches
/// (transaction markers) are stepped over: they hold no records.
/// </summary>
/// <remarks>
/// The CRC is not computed here: <see cref="ILog.ReadAsync"/> has verified it. Keys and values are spans into the bytes handed
/// in, or into a decompressed copy, and stay valid as long as they are referenced.
/// </remarks>
/// <example><code>
/// var records = new RecordReader(fetched.Bytes.Span, position);
/// while (records.MoveNext()) Use(records.Offset, records.Value.Span);
/// next = records.NextOffset;
/// </code></example>
public ref struct RecordReader
{
    private readonly long _fromOffset;
    private ReadOnlySpan<byte> _rest;
    private RecordBatchHeader _batch;
    private ByteReader _records;
    private int _recordsLeft;
    private ReadOnlySpan<byte> _key;
    private ReadOnlySpan<byte> _value;
    private bool _keyIsNull;
    private bool _valueIsNull;

    public RecordReader(ReadOnlySpan<byte> batches, long fromOffset)
    {
        _rest = batches;
        _fromOffset = fromOffset;
        NextOffset = fromOffset;
    }

    public long Offset { get; private set; }

    /// <summary>Milliseconds since the epoch.</summary>
    public long TimestampMs { get; private set; }

    public readonly RecordBytes Key => _keyIsNull ? RecordBytes.Null : RecordBytes.Of(_key);

    public readonly RecordBytes Value => _valueIsNull ? RecordBytes.Null : RecordBytes.Of(_value);

    /// <summary>Where the next read begins: the offset after the record just read, or after the last batch walked.</summary>
    public long NextOffset { get; private set; }

    /// <exception cref="InvalidDataException">The bytes are not whole, valid batches.</exception>
    public bool MoveNext()
    {
        while (true)
        {
            while (_recordsLeft > 0)
            {
                ReadRecord();
                if (Offset < _fromOffset) continue;
                NextOffset = Offset + 1;
                return true;
            }

            if (!EnterNextBatch()) return false;
        }
    }

    private bool EnterNextBatch()
    {
        if (_batch.Magic != 0)
        {
            if (_records.Remaining != 0) throw Invalid("holds bytes after its last record");
            NextOffset = Math.Max(NextOffset, _batch.NextOffset);
            _batch = default;
        }

        if (_rest.IsEmpty) return false;
        if (!RecordBatchHeader.TryRead(_rest, out _batch)) throw new InvalidDataException("The bytes are not a RecordBatch v2.");
        if (_batch.SizeBytes > _rest.Length) throw Invalid("is cut short");
        var records = _rest[RecordBatchHeader.Size.._batch.SizeBytes];
        _rest = _rest[_batch.SizeBytes..];
        var skip = _batch.IsControl || _batch.NextOffset <= _fromOffset;
        _recordsLeft = skip ? 0 : _batch.RecordCount;
        if (skip) records = default;
        else if (_batch.Compression != CompressionType.None)
            records = RecordDecompression.Decompress(_batch.Compression, records, LogLimits.DecompressedBytesMax);
        _records = new ByteReader(records);
        return true;
    }

    private void ReadRecord()
    {
        var size = _records.ReadVarint();
        var start = _records.Position;
        if (size < 0 || size > _records.Remaining) throw Invalid("holds a record of an impossible length");
        _records.ReadByte();
        var timestampDelta = _records.ReadVarlong();
        var offsetDelta = _records.ReadVarint();
        _key = ReadBytes(out _keyIsNull);
        _value = ReadBytes(out _valueIsNull);
        var headersAndRest = size - (_records.Position - start);
        if (headersAndRest < 1 || offsetDelta < 0 || offsetDelta > _batch.LastOffsetDelta) throw Invalid("holds a malformed record");
        _records.Read(headersAndRest);
        Offset = _batch.BaseOffset + offsetDelta;
        TimestampMs = _batch.IsLogAppendTime ? _batch.MaxTimestampMs : _batch.BaseTimestampMs + timestampDelta;
        _recordsLeft--;
    }

    private ReadOnlySpan<byte> ReadBytes(out bool isNull)
    {
        var length = _records.ReadVarint();
        isNull = length < 0;
        return isNull ? default : _records.Read(length);
    }

    private readonly InvalidDataException Invalid(string what) => new($"The batch at offset {_batch.BaseOffset} {what}.");
}

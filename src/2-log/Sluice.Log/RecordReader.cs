using System.Text;
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
    private RecordCursor _records;
    private int _recordsLeft;

    public RecordReader(ReadOnlySpan<byte> batches, long fromOffset)
    {
        _rest = batches;
        _fromOffset = fromOffset;
        NextOffset = fromOffset;
    }

    public long Offset { get; private set; }

    /// <summary>Milliseconds since the epoch.</summary>
    public long TimestampMs { get; private set; }

    public readonly RecordBytes Key => _records.KeyIsNull ? RecordBytes.Null : RecordBytes.Of(_records.Key);

    public readonly RecordBytes Value => _records.ValueIsNull ? RecordBytes.Null : RecordBytes.Of(_records.Value);

    /// <summary>How many headers the record has, which <see cref="ReadHeaders"/> gives.</summary>
    public readonly int HeaderCount => _records.HeaderCount;

    /// <summary>Bytes that the headers take.</summary>
    public readonly int HeaderBytes => _records.Headers.Length;

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

    /// <summary>The headers of the record in their order, copied.</summary>
    public readonly RecordHeader[] ReadHeaders()
    {
        if (HeaderCount == 0) return [];
        var headers = new RecordHeader[HeaderCount];
        var reader = new ByteReader(_records.Headers);
        for (var i = 0; i < headers.Length; i++)
        {
            var name = Encoding.UTF8.GetString(reader.Read(reader.ReadVarint()));
            var length = reader.ReadVarint();
            headers[i] = new RecordHeader(name, length < 0 ? null : reader.Read(length).ToArray());
        }

        return headers;
    }

    private bool EnterNextBatch()
    {
        if (_batch.Magic != 0)
        {
            if (!_records.AtEnd) throw Invalid("holds bytes after its last record");
            NextOffset = Math.Max(NextOffset, _batch.NextOffset);
            _batch = default;
        }

        if (_rest.IsEmpty) return false;
        if (!RecordBatchHeader.TryRead(_rest, out _batch)) throw new InvalidDataException("The bytes are not a RecordBatch v2.");
        if (_batch.SizeBytes > _rest.Length) throw Invalid("is cut short");
        var records = _rest[RecordBatchHeader.Size.._batch.SizeBytes];
        _rest = _rest[_batch.SizeBytes..];
        var skip = _batch.IsControl || _batch.NextOffset <= _fromOffset;
        if (skip) records = default;
        else if (_batch.Compression != CompressionType.None)
            records = RecordDecompression.Decompress(_batch.Compression, records, LogLimits.DecompressedBytesMax);
        _recordsLeft = skip ? 0 : _batch.RecordCount;
        _records = new RecordCursor(records);
        return true;
    }

    private void ReadRecord()
    {
        _records.Read();
        if (_records.OffsetDelta < 0 || _records.OffsetDelta > _batch.LastOffsetDelta) throw Invalid("holds a record beyond its last offset");
        Offset = _batch.BaseOffset + _records.OffsetDelta;
        TimestampMs = _batch.IsLogAppendTime ? _batch.MaxTimestampMs : _batch.BaseTimestampMs + _records.TimestampDelta;
        _recordsLeft--;
    }

    private readonly InvalidDataException Invalid(string what) => new($"The batch at offset {_batch.BaseOffset} {what}.");
}

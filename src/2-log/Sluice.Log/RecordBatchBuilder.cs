using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Sluice.Bytes;
using Sluice.Log.Records;

namespace Sluice.Log;

/// <summary>Builds one uncompressed RecordBatch v2 in a buffer that it keeps: reset, append records, build.</summary>
/// <remarks>https://kafka.apache.org/documentation/#recordbatch. Not for use by several threads.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "A writer that is not disposed only keeps its buffer from the pool.")]
public sealed class RecordBatchBuilder
{
    // A record's attributes, which are zero.
    private const int RecordFixedBytes = 1;
    private readonly ByteWriter _writer = new(initialBytes: 1024);
    private long _baseTimestampMs;
    private long _maxTimestampMs;

    public RecordBatchBuilder() => Reset();

    /// <summary>Number of records appended since the last <see cref="Reset"/>.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes the batch has so far.</summary>
    public int SizeBytes => _writer.Length;

    /// <summary>Empties the builder; the buffer is kept.</summary>
    public void Reset()
    {
        Count = 0;
        _writer.Reset();
        _writer.GetSpan(RecordBatchHeader.Size)[..RecordBatchHeader.Size].Clear();
        _writer.Advance(RecordBatchHeader.Size);
    }

    /// <summary>Appends a record. <paramref name="timestampMs"/> is ms since the epoch (CreateTime).</summary>
    public void Append(long timestampMs, RecordBytes key, RecordBytes value) => Append(timestampMs, key, value, []);

    /// <summary>Appends a record with headers, in their order. <paramref name="timestampMs"/> is ms since the epoch (CreateTime).</summary>
    public void Append(long timestampMs, RecordBytes key, RecordBytes value, ReadOnlySpan<RecordHeader> headers)
    {
        if (Count == 0) _baseTimestampMs = _maxTimestampMs = timestampMs;
        _maxTimestampMs = Math.Max(_maxTimestampMs, timestampMs);
        var delta = timestampMs - _baseTimestampMs;
        var size = RecordFixedBytes + ByteWriter.VarlongSize(delta) + ByteWriter.VarlongSize(Count) + SizeOf(key) + SizeOf(value) + SizeOf(headers);
        _writer.WriteVarint(size);
        _writer.WriteByte(0);
        _writer.WriteVarlong(delta);
        _writer.WriteVarint(Count);
        Write(key);
        Write(value);
        _writer.WriteVarint(headers.Length);
        foreach (var (name, headerValue) in headers)
        {
            Write(RecordBytes.Of(Encoding.UTF8.GetBytes(name)));
            Write(headerValue is null ? RecordBytes.Null : RecordBytes.Of(headerValue));
        }

        Count++;
    }

    /// <summary>The finished batch, CRC included, base offset 0; valid until the next <see cref="Reset"/>.</summary>
    /// <exception cref="InvalidOperationException">No record was appended.</exception>
    public ReadOnlyMemory<byte> Build()
    {
        if (Count == 0) throw new InvalidOperationException("A batch without records cannot be built: append one first.");
        var batch = _writer.WrittenSpan;
        BinaryPrimitives.WriteInt32BigEndian(batch[8..], batch.Length - RecordBatchHeader.LengthOverhead);
        batch[RecordBatchHeader.MagicAt] = RecordBatchHeader.MagicV2;
        BinaryPrimitives.WriteInt32BigEndian(batch[RecordBatchHeader.LastOffsetDeltaAt..], Count - 1);
        BinaryPrimitives.WriteInt64BigEndian(batch[RecordBatchHeader.BaseTimestampAt..], _baseTimestampMs);
        BinaryPrimitives.WriteInt64BigEndian(batch[RecordBatchHeader.MaxTimestampAt..], _maxTimestampMs);
        // Producer id, epoch and sequence are -1: the batch comes from no idempotent producer.
        batch[RecordBatchHeader.ProducerIdAt..RecordBatchHeader.RecordCountAt].Fill(0xff);
        BinaryPrimitives.WriteInt32BigEndian(batch[RecordBatchHeader.RecordCountAt..], Count);
        RecordBatchHeader.Seal(batch);
        return _writer.Written;
    }

    /// <summary>Empties the builder and gives a large buffer back to the pool; it may be used again.</summary>
    public void Release()
    {
        _writer.Dispose();
        Reset();
    }

    private static int SizeOf(RecordBytes bytes) =>
        bytes.IsNull ? 1 : ByteWriter.VarlongSize(bytes.Span.Length) + bytes.Span.Length;

    private static int SizeOf(ReadOnlySpan<RecordHeader> headers)
    {
        var size = ByteWriter.VarlongSize(headers.Length);
        foreach (var (name, value) in headers)
        {
            var nameBytes = Encoding.UTF8.GetByteCount(name);
            size += ByteWriter.VarlongSize(nameBytes) + nameBytes + (value is null ? 1 : SizeOf(RecordBytes.Of(value)));
        }

        return size;
    }

    private void Write(RecordBytes bytes)
    {
        _writer.WriteVarint(bytes.IsNull ? -1 : bytes.Span.Length);
        _writer.Write(bytes.Span);
    }
}

/// <summary>A header of a record; the value may be null.</summary>
public readonly record struct RecordHeader(string Name, byte[]? Value)
{
    /// <summary>Upper bound of what the header adds to its record: its bytes and two lengths.</summary>
    public int SizeBytesMax => Encoding.UTF8.GetByteCount(Name) + (Value?.Length ?? 0) + 10;
}

/// <summary>A key or value: bytes, or null (which is not the same as empty).</summary>
public readonly ref struct RecordBytes
{
    private RecordBytes(ReadOnlySpan<byte> span, bool isNull)
    {
        Span = span;
        IsNull = isNull;
    }

    public static RecordBytes Null => new(default, isNull: true);

    public ReadOnlySpan<byte> Span { get; }

    public bool IsNull { get; }

    public static RecordBytes Of(ReadOnlySpan<byte> bytes) => new(bytes, isNull: false);
}

namespace Sluice.Log;

/// <summary>Builds one uncompressed RecordBatch v2 in a buffer that it keeps: reset, append records, build.</summary>
/// <remarks>https://kafka.apache.org/documentation/#recordbatch. Not for use by several threads.</remarks>
public sealed class RecordBatchBuilder
{
    /// <summary>Number of records appended since the last <see cref="Reset"/>.</summary>
    public int Count { get; private set; }

    /// <summary>Empties the builder; the buffer is kept.</summary>
    public void Reset() => throw new NotImplementedException();

    /// <summary>Appends a record. <paramref name="timestampMs"/> is ms since the epoch (CreateTime).</summary>
    public void Append(long timestampMs, RecordBytes key, RecordBytes value) => throw new NotImplementedException();

    /// <summary>The finished batch, CRC included, base offset 0; valid until the next <see cref="Reset"/>.</summary>
    public ReadOnlyMemory<byte> Build() => throw new NotImplementedException();
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

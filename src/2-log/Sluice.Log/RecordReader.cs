namespace Sluice.Log;

/// <summary>
/// Walks the records of consecutive RecordBatch v2, decompressing where needed, from a first offset on. Control batches
/// (transaction markers) are stepped over: they hold no records.
/// </summary>
/// <example><code>
/// var records = new RecordReader(fetched.Bytes.Span, position);
/// while (records.MoveNext()) Use(records.Offset, records.Value.Span);
/// next = records.NextOffset;
/// </code></example>
public ref struct RecordReader
{
    public RecordReader(ReadOnlySpan<byte> batches, long fromOffset) => throw new NotImplementedException();

    public long Offset { get; private set; }

    /// <summary>Milliseconds since the epoch.</summary>
    public long TimestampMs { get; private set; }

    public RecordBytes Key => throw new NotImplementedException();

    public RecordBytes Value => throw new NotImplementedException();

    /// <summary>The offset after the last batch walked: where the next read begins.</summary>
    public long NextOffset { get; private set; }

    /// <exception cref="InvalidDataException">The bytes are not whole, valid batches.</exception>
    public bool MoveNext() => throw new NotImplementedException();
}

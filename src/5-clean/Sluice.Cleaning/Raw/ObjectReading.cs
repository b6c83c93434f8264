using Sluice.Objects;

namespace Sluice.Cleaning.Raw;

/// <summary>One object being cut into records.</summary>
internal sealed class ObjectReading(IObjectStore objects, string topic, RawObject item, ReadOnlyMemory<byte> first, int readBytes)
{
    private readonly LineCutter _lines = new();
    private ReadOnlyMemory<byte> _chunk = first;
    private long _read = first.Length;

    /// <summary>The offset of the next line.</summary>
    public long Offset { get; private set; } = item.StartOffset;

    /// <summary>Whether all lines were cut.</summary>
    public bool AtEnd => _read >= item.Size && _chunk.IsEmpty && !_lines.HasBegun;

    /// <summary>
    /// Adds the object's records from offset <paramref name="from"/> on to the batch: true when the batch is full, to be called again
    /// with the next; false at the end of the object.
    /// </summary>
    public async ValueTask<bool> FillAsync(RawBatch batch, long from, Predicate<RawBatch> isFull, CancellationToken cancel)
    {
        while (true)
        {
            while (_lines.TryCut(ref _chunk, out var line))
            {
                Add(batch, line, from);
                if (isFull(batch)) return true;
            }

            if (_read >= item.Size) break;
            _chunk = await RangeAsync(objects, item, _read, readBytes, cancel);
            _read += _chunk.Length;
        }

        if (_lines.TryCutLast(out var last)) Add(batch, last, from);
        return false;
    }

    /// <summary>Bytes of the object, whole pieces of <paramref name="length"/> except the last.</summary>
    /// <exception cref="RawDataException">The object became shorter than it was listed, or is gone.</exception>
    public static async Task<ReadOnlyMemory<byte>> RangeAsync(
        IObjectStore objects, RawObject item, long start, int length, CancellationToken cancel)
    {
        var wanted = (int)Math.Min(length, item.Size - start);
        if (wanted == 0) return default;
        var bytes = await objects.GetRangeAsync(item.Key, start, wanted, cancel);
        if (bytes is { Length: var got } && got == wanted) return bytes.Value;
        throw new RawDataException(
            $"Object {item.Key} had {item.Size} bytes when listed and has them no more: objects of the sink never change; restore it.");
    }

    private void Add(RawBatch batch, ReadOnlyMemory<byte> line, long from)
    {
        if (Offset >= from)
            batch.Add(new RawPlace(topic, item.Partition, Offset, item.Key.Value, Offset - item.StartOffset + 1), line);
        Offset++;
    }
}

using Microsoft.Win32.SafeHandles;
using Sluice.Objects;

namespace Sluice.Cleaning.Raw;

/// <summary>One object being cut into records.</summary>
/// <param name="whole">All its bytes, where it is small and was read ahead; a larger one is read here, piece by piece.</param>
internal sealed class ObjectReading(IObjectStore objects, string topic, RawObject item, ReadOnlyMemory<byte> whole, int readBytes) : IDisposable
{
    private readonly LineCutter _lines = new();
    private ReadOnlyMemory<byte> _rest = whole;
    private long _read = whole.Length;
    private SafeFileHandle? _file;
    private RawChunk? _chunk;

    /// <summary>The offset of the next line.</summary>
    public long Offset { get; private set; } = item.StartOffset;

    /// <summary>Whether all lines were cut.</summary>
    public bool AtEnd => _read >= item.Size && _rest.IsEmpty && !_lines.HasBegun;

    public void Dispose()
    {
        _chunk?.LetGo();
        _file?.Dispose();
    }

    /// <summary>
    /// Adds the object's records from offset <paramref name="from"/> on to the batch: true when the batch is full, to be called again
    /// with the next; false at the end of the object.
    /// </summary>
    public async ValueTask<bool> FillAsync(RawBatch batch, long from, Predicate<RawBatch> isFull, CancellationToken cancel)
    {
        while (true)
        {
            while (_lines.TryCut(ref _rest, out var line))
            {
                Add(batch, line, from);
                if (isFull(batch)) return true;
            }

            if (_read >= item.Size) break;
            await ReadPieceAsync(cancel);
        }

        if (_lines.TryCutLast(out var last)) Add(batch, last, from);
        return false;
    }

    /// <summary>All bytes of an object.</summary>
    /// <exception cref="RawDataException">The object became shorter than it was listed, or is gone.</exception>
    public static async Task<ReadOnlyMemory<byte>> WholeAsync(IObjectStore objects, RawObject item, CancellationToken cancel)
    {
        if (item.Size == 0) return default;
        var bytes = await objects.GetRangeAsync(item.Key, 0, (int)item.Size, cancel);
        return bytes is { } got && got.Length == item.Size ? got : throw Changed(item);
    }

    private async ValueTask ReadPieceAsync(CancellationToken cancel)
    {
        _file ??= File.OpenHandle(
            await objects.GetFileAsync(item.Key, cancel) ?? throw Changed(item), FileMode.Open, FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        _chunk?.LetGo();
        _chunk = new RawChunk((int)Math.Min(readBytes, item.Size - _read));
        for (var done = 0; done < _chunk.Bytes.Length;)
        {
            var got = RandomAccess.Read(_file, _chunk.Bytes.Span[done..], _read + done);
            if (got == 0) throw Changed(item);
            done += got;
        }

        _rest = _chunk.Bytes;
        _read += _rest.Length;
    }

    private static RawDataException Changed(RawObject item) => new(
        $"Object {item.Key} had {item.Size} bytes when listed and has them no more: objects of the sink never change; restore it.");

    private void Add(RawBatch batch, ReadOnlyMemory<byte> line, long from)
    {
        if (Offset >= from)
        {
            if (_chunk is not null) batch.Hold(_chunk);
            batch.Add(new RawPlace(topic, item.Partition, Offset, item.Key.Value, Offset - item.StartOffset + 1), line);
        }

        Offset++;
    }
}

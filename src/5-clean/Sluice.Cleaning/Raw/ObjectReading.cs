using Microsoft.Win32.SafeHandles;
using Sluice.Objects;

namespace Sluice.Cleaning.Raw;

/// <summary>One tile being cut into records.</summary>
internal sealed class ObjectReading(IObjectStore objects, string topic, RawTile tile, int readBytes) : IDisposable
{
    private readonly LineCutter _lines = new();
    private readonly RawObject _item = tile.Item ?? default;
    private readonly IReadOnlyList<OffsetRange>? _ranges = tile.Offsets?.Lines;
    private ReadOnlyMemory<byte> _rest = tile.Whole;
    private long _read = tile.Whole.Length;
    private SafeFileHandle? _file;
    private RawChunk? _chunk;
    private int _range;
    private long _line;

    /// <summary>The offset of the next line; behind the last, the end of the tile.</summary>
    public long Offset { get; private set; } =
        tile.Offsets is null ? tile.From : tile.Offsets.Lines is [var first, ..] ? first.From : tile.Offsets.End;

    /// <summary>Whether all lines were cut.</summary>
    public bool AtEnd => _read >= _item.Size && _rest.IsEmpty && !_lines.HasBegun;

    public void Dispose()
    {
        _chunk?.LetGo();
        _file?.Dispose();
    }

    /// <summary>
    /// Adds the object's records from offset <paramref name="from"/> on to the batch: true when the batch is full, to be called again
    /// with the next; false at the end of the object.
    /// </summary>
    /// <exception cref="RawDataException">The object does not have the lines that the sink put.</exception>
    public async ValueTask<bool> FillAsync(RawBatch batch, long from, Predicate<RawBatch> isFull, CancellationToken cancel)
    {
        while (true)
        {
            while (_lines.TryCut(ref _rest, out var line))
            {
                Add(batch, line, from);
                if (isFull(batch)) return true;
            }

            if (_read >= _item.Size) break;
            await ReadPieceAsync(cancel);
        }

        if (_lines.TryCutLast(out var last)) Add(batch, last, from);
        return _range < (_ranges?.Count ?? 0) ? throw OtherLines() : false;
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
            await objects.GetFileAsync(_item.Key, cancel) ?? throw Changed(_item), FileMode.Open, FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        _chunk?.LetGo();
        _chunk = new RawChunk((int)Math.Min(readBytes, _item.Size - _read));
        for (var done = 0; done < _chunk.Bytes.Length;)
        {
            var got = RandomAccess.Read(_file, _chunk.Bytes.Span[done..], _read + done);
            if (got == 0) throw Changed(_item);
            done += got;
        }

        _rest = _chunk.Bytes;
        _read += _rest.Length;
    }

    private static RawDataException Changed(RawObject item) => new(
        $"Object {item.Key} had {item.Size} bytes when listed and has them no more: objects of the sink never change; restore it.");

    private RawDataException OtherLines() => new(
        $"Object {_item.Key} has {(_range < _ranges!.Count ? "fewer" : "more")} lines than the sink noted "
        + $"({RawObject.KeyAt(RawObject.OffsetsFolder, topic, _item.Partition, tile.From)}): objects of the sink never change; restore both.");

    private void Add(RawBatch batch, ReadOnlyMemory<byte> line, long from)
    {
        if (_ranges is not null && _range == _ranges.Count) throw OtherLines();
        _line++;
        if (Offset >= from)
        {
            if (_chunk is not null) batch.Hold(_chunk);
            batch.Add(new RawPlace(topic, _item.Partition, Offset, _item.Key.Value, _line), line);
        }

        Offset++;
        if (_ranges is null || Offset < _ranges[_range].To) return;
        _range++;
        Offset = _range < _ranges.Count ? _ranges[_range].From : tile.Offsets!.End;
    }
}

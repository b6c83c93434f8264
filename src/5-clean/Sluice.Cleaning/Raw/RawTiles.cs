using System.Runtime.CompilerServices;
using Sluice.Objects;

namespace Sluice.Cleaning.Raw;

/// <summary>
/// One partition's objects in order, each with the offsets of its lines where the sink put them beside it. The sink puts the offsets
/// first; so objects are listed first here, and what belongs to them is in the later listing.
/// </summary>
internal sealed class RawTiles(IObjectStore objects, string topic, int partition, CleaningOptions options)
{
    private static readonly Task<ReadOnlyMemory<byte>> s_nothing = Task.FromResult(ReadOnlyMemory<byte>.Empty);
    private readonly Queue<(long From, ObjectKey Key)> _offsets = [];
    private long? _next;

    /// <summary>The tiles from one on, the last of which may have a <see cref="RawTile.Fault"/>. Whoever reads tells how far each went: <see cref="Reached"/>.</summary>
    /// <param name="from">Where a tile begins; null for the first there is.</param>
    public async IAsyncEnumerable<RawTile> ReadAsync(long? from, [EnumeratorCancellation] CancellationToken cancel)
    {
        _next = from;
        await foreach (var (items, isLast) in PagesAsync(from, cancel))
        {
            await ListOffsetsAsync(isLast ? long.MaxValue : items[^1].StartOffset, cancel);
            await foreach (var (item, whole) in WithSmallOnesReadAsync(items, cancel))
            {
                RawTile? tile;
                do
                {
                    tile = await TileOrFaultAsync(item, whole, cancel);
                    yield return tile!;
                    if (tile!.Fault is not null) yield break;
                }
                while (tile.Item is null);
            }
        }

        // Behind the last object there may be offsets without a line, and those of an object that is still being put.
        while (await TileOrFaultAsync(null, default, cancel) is { } tile)
        {
            yield return tile;
            if (tile.Fault is not null) yield break;
        }
    }

    /// <summary>The tile that was read last ends here.</summary>
    public void Reached(long offset) => _next = offset;

    /// <summary>Partitions of the topic that have objects or offsets, in rising order.</summary>
    public static async Task<IReadOnlyList<int>> PartitionsAsync(IObjectStore objects, string topic, CancellationToken cancel)
    {
        var partitions = new SortedSet<int>();
        foreach (var folder in new[] { RawObject.Folder, RawObject.OffsetsFolder })
        {
            ObjectKey? after = null;
            while (await FirstAsync(RawObject.Prefix(folder, topic), after) is { } key)
            {
                var partition = RawObject.PartitionOf(folder, topic, key);
                partitions.Add(partition);
                after = RawObject.KeyBehind(folder, topic, partition);
            }
        }

        return [.. partitions];

        async ValueTask<ObjectKey?> FirstAsync(string prefix, ObjectKey? after)
        {
            await foreach (var info in objects.ListAsync(prefix, after, cancel)) return info.Key;
            return null;
        }
    }

    /// <summary>The next tile: that of the object, or one without an object; null when neither is there.</summary>
    private async ValueTask<RawTile?> TileOrFaultAsync(RawObject? item, ReadOnlyMemory<byte> whole, CancellationToken cancel)
    {
        try
        {
            return item is { } found ? await TileOfAsync(found, whole, cancel) : await EmptyTileAsync(cancel);
        }
        catch (RawDataException fault)
        {
            return RawTile.At(fault);
        }
    }

    /// <summary>The tile of the object, or one without an object before it.</summary>
    private async ValueTask<RawTile> TileOfAsync(RawObject item, ReadOnlyMemory<byte> whole, CancellationToken cancel)
    {
        if (_offsets.TryPeek(out var offsets) && (_next is { } next ? offsets.From <= next : offsets.From <= item.StartOffset))
        {
            var said = await TakeOffsetsAsync(cancel);
            if (said.Object is null) return Tile(said, null, default);
            return said.Object == item.StartOffset ? Tile(said, item, whole) : RawTile.At(Missing(item, said.Start, said.Object.Value));
        }

        if (_next is { } expected && item.StartOffset > expected) return RawTile.At(Missing(item, expected, expected));
        _next ??= item.StartOffset;
        return new RawTile(item.StartOffset, item, whole, null);
    }

    /// <summary>The tile without an object that comes next; null when there is none.</summary>
    private async ValueTask<RawTile?> EmptyTileAsync(CancellationToken cancel)
    {
        if (!_offsets.TryPeek(out var offsets) || (_next is { } next && offsets.From != next)) return null;
        var said = await TakeOffsetsAsync(cancel);
        return said.Object is null ? Tile(said, null, default) : null;
    }

    private RawTile Tile(LandedOffsets said, RawObject? item, ReadOnlyMemory<byte> whole)
    {
        if (item is null) _next = said.End;
        return new RawTile(said.Start, item, whole, said);
    }

    private async ValueTask<LandedOffsets> TakeOffsetsAsync(CancellationToken cancel)
    {
        var (from, key) = _offsets.Dequeue();
        var bytes = await objects.GetAsync(key, cancel)
            ?? throw new RawDataException($"Object {key} is gone since it was listed. Restore it; nothing behind it is cleaned meanwhile.");
        try
        {
            var said = LandedOffsets.Parse(bytes);
            if (said.Start == from && (_next is null || _next == from)) return said;
            throw new InvalidDataException($"it is of offsets {said.Start} to {said.End - 1}, and those from {_next ?? from} on are next.");
        }
        catch (InvalidDataException e)
        {
            throw new RawDataException($"Object {key} does not hold offsets of {topic}-{partition}: {e.Message} Restore it; nothing behind it is cleaned meanwhile.");
        }
    }

    private async IAsyncEnumerable<(List<RawObject> Items, bool IsLast)> PagesAsync(long? from, [EnumeratorCancellation] CancellationToken cancel)
    {
        var page = new List<RawObject>();
        await foreach (var info in objects.ListAsync(RawObject.Prefix(RawObject.Folder, topic, partition), Before(RawObject.Folder, from), cancel))
        {
            // A page is given away when the next is known to have an object.
            if (page.Count == CleaningLimits.ListedObjects)
            {
                yield return (page, false);
                page = [];
            }

            page.Add(RawObject.Parse(topic, partition, info));
        }

        yield return (page, true);
    }

    private async ValueTask ListOffsetsAsync(long last, CancellationToken cancel)
    {
        var from = _offsets.TryPeek(out _) ? _offsets.Last().From + 1 : _next;
        await foreach (var info in objects.ListAsync(RawObject.Prefix(RawObject.OffsetsFolder, topic, partition), Before(RawObject.OffsetsFolder, from), cancel))
        {
            var start = RawObject.StartOf(RawObject.OffsetsFolder, topic, partition, info.Key);
            if (start > last) break;
            _offsets.Enqueue((start, info.Key));
        }
    }

    /// <summary>The objects, the small ones with their bytes; those of the next few are already being read.</summary>
    private async IAsyncEnumerable<(RawObject Item, ReadOnlyMemory<byte> Whole)> WithSmallOnesReadAsync(
        List<RawObject> items, [EnumeratorCancellation] CancellationToken cancel)
    {
        var pending = new Queue<(RawObject Item, Task<ReadOnlyMemory<byte>> Whole)>();
        foreach (var item in items)
        {
            // A large object is read piece by piece; reading it ahead would hold its first piece for nothing.
            var isLarge = item.Size >= options.ReadBytes;
            pending.Enqueue((item, isLarge ? s_nothing : ObjectReading.WholeAsync(objects, item, cancel)));
            if (pending.Count < options.ReadAheadObjects && !isLarge) continue;
            var (ready, whole) = pending.Dequeue();
            yield return (ready, await whole);
        }

        while (pending.TryDequeue(out var entry)) yield return (entry.Item, await entry.Whole);
    }

    private ObjectKey? Before(string folder, long? from) => from > 0 ? RawObject.KeyAt(folder, topic, partition, from.Value - 1) : null;

    private RawDataException Missing(RawObject item, long from, long start) => new(
        $"Records {from} to {item.StartOffset - 1} of {topic}-{item.Partition} are in no object: the next one is {item.Key}. "
        + $"Restore the object {RawObject.KeyAt(RawObject.Folder, topic, item.Partition, start)}; nothing behind it is cleaned meanwhile.");
}

using System.Runtime.CompilerServices;
using Sluice.Objects;

namespace Sluice.Cleaning.Raw;

/// <summary>
/// One partition's objects in order, each with the offsets of its lines where the sink put them beside it. The sink puts the offsets
/// first; so objects are listed first here, and what belongs to them is in the later listing.
/// </summary>
/// <remarks>
/// Keys hold offsets with 10 digits, and with more where they have more: 10,000,000,000 is listed before 1,000,000,001. Names with the same number of
/// digits are in order; so these are read by themselves, and longer ones after them.
/// </remarks>
internal sealed class RawTiles(IObjectStore objects, string topic, int partition, CleaningOptions options)
{
    private static readonly Task<ReadOnlyMemory<byte>> s_nothing = Task.FromResult(ReadOnlyMemory<byte>.Empty);
    private readonly Queue<(long From, ObjectKey Key)> _offsets = [];
    private (ObjectKey Key, RawDataException Fault)? _foreign;
    private long? _next;
    private int _digits;
    private bool _hasLonger;

    /// <summary>The tiles from one on. Whoever reads tells how far each went: <see cref="Reached"/>.</summary>
    /// <param name="from">Where a tile begins; null for the first there is.</param>
    /// <exception cref="RawDataException">What comes next cannot be read. The tiles before it were given.</exception>
    public async IAsyncEnumerable<RawTile> ReadAsync(long? from, [EnumeratorCancellation] CancellationToken cancel)
    {
        _next = from;
        _digits = RawObject.DigitsOf(from ?? 0);
        do
        {
            _hasLonger = false;
            await foreach (var tile in ReadAlikeAsync(cancel)) yield return tile;
        }
        while (GoOnToLonger());
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

    /// <summary>Whether there are objects with more digits, or are to be next.</summary>
    private bool GoOnToLonger()
    {
        var digits = Math.Max(RawObject.DigitsOf(_next ?? 0), _digits + (_hasLonger ? 1 : 0));
        (var before, _digits) = (_digits, digits);
        return digits > before;
    }

    /// <summary>The tiles from the next one on whose names have as many digits.</summary>
    private async IAsyncEnumerable<RawTile> ReadAlikeAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var (items, isLast) in PagesAsync(cancel))
        {
            await ListOffsetsAsync(isLast ? long.MaxValue : items[^1].StartOffset, cancel);
            await foreach (var (item, whole) in WithSmallOnesReadAsync(items, cancel))
            {
                RawTile tile;
                do
                {
                    tile = await TileOfAsync(item, whole, cancel);
                    yield return tile;
                }
                while (tile.Item is null);
            }
        }

        // Behind the last object there may be offsets without a line, and those of an object that is still being put.
        while (await EmptyTileAsync(cancel) is { } tile) yield return tile;
        if (_foreign is { } foreign) throw foreign.Fault;
    }

    /// <summary>The tile of the object, or one without an object before it.</summary>
    private async ValueTask<RawTile> TileOfAsync(RawObject item, ReadOnlyMemory<byte> whole, CancellationToken cancel)
    {
        if (_offsets.TryPeek(out var offsets) && (_next is { } next ? offsets.From <= next : offsets.From <= item.StartOffset))
        {
            var said = await FirstOffsetsAsync(cancel);
            _offsets.Dequeue();
            if (said.Object is null) return Tile(said, null, default);
            return said.Object == item.StartOffset ? Tile(said, item, whole) : throw Missing(item, said.Start, said.Object.Value);
        }

        // Offsets behind a foreign object are not listed, and may be those of this object.
        var offsetsKey = RawObject.KeyAt(RawObject.OffsetsFolder, topic, partition, item.StartOffset);
        if (_foreign is { } foreign && offsetsKey.CompareTo(foreign.Key) > 0) throw foreign.Fault;
        if (_next is { } expected && item.StartOffset > expected) throw Missing(item, expected, expected);
        _next ??= item.StartOffset;
        return new RawTile(item.StartOffset, item, whole, null);
    }

    /// <summary>The tile without an object that comes next; null when there is none.</summary>
    private async ValueTask<RawTile?> EmptyTileAsync(CancellationToken cancel)
    {
        if (!_offsets.TryPeek(out var offsets) || (_next is { } next && offsets.From != next)) return null;
        var said = await FirstOffsetsAsync(cancel);
        if (said.Object is { } start)
        {
            // The object is still being put, or has a longer name than its offsets.
            _hasLonger |= RawObject.DigitsOf(start) > _digits;
            return null;
        }

        _offsets.Dequeue();
        return Tile(said, null, default);
    }

    private RawTile Tile(LandedOffsets said, RawObject? item, ReadOnlyMemory<byte> whole)
    {
        if (item is null) _next = said.End;
        return new RawTile(said.Start, item, whole, said);
    }

    private async ValueTask<LandedOffsets> FirstOffsetsAsync(CancellationToken cancel)
    {
        var (from, key) = _offsets.Peek();
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

    private async IAsyncEnumerable<(List<RawObject> Items, bool IsLast)> PagesAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        var page = new List<RawObject>();
        await foreach (var info in objects.ListAsync(RawObject.Prefix(RawObject.Folder, topic, partition), Before(RawObject.Folder, _next), cancel))
        {
            if (!RawObject.TryParse(topic, partition, info, out var item))
            {
                // What is listed before it is in order.
                if (page.Count > 0) yield return (page, false);
                throw RawObject.NotOurs(RawObject.Folder, topic, info.Key);
            }

            var digits = RawObject.DigitsOf(item.StartOffset);
            _hasLonger |= digits > _digits;
            if (digits != _digits) continue;

            // A page is given away when the next is known to have an object.
            if (page.Count == CleaningLimits.ListedObjects)
            {
                yield return (page, false);
                page = [];
            }

            page.Add(item);
        }

        yield return (page, true);
    }

    private async ValueTask ListOffsetsAsync(long last, CancellationToken cancel)
    {
        var from = _offsets.TryPeek(out _) ? _offsets.Last().From + 1 : _next;
        if (from is { } start && RawObject.DigitsOf(start) > _digits) return;
        await foreach (var info in objects.ListAsync(RawObject.Prefix(RawObject.OffsetsFolder, topic, partition), Before(RawObject.OffsetsFolder, from), cancel))
        {
            if (!RawObject.TryStartOf(RawObject.OffsetsFolder, topic, partition, info.Key, out var tile))
            {
                _foreign ??= (info.Key, RawObject.NotOurs(RawObject.OffsetsFolder, topic, info.Key));
                return;
            }

            if (RawObject.DigitsOf(tile) != _digits) continue;
            if (tile > last) break;
            _offsets.Enqueue((tile, info.Key));
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

    /// <summary>Where to list from; null for the beginning.</summary>
    private ObjectKey? Before(string folder, long? from) =>
        from > 0 || _digits > RawObject.DigitsOf(0) ? RawObject.KeyBefore(folder, topic, partition, from ?? 0, _digits) : null;

    private RawDataException Missing(RawObject item, long from, long start) => new(
        $"Records {from} to {item.StartOffset - 1} of {topic}-{item.Partition} are in no object: the next one is {item.Key}. "
        + $"Restore the object {RawObject.KeyAt(RawObject.Folder, topic, item.Partition, start)}; nothing behind it is cleaned meanwhile.");
}

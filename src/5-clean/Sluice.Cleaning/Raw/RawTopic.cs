using System.Runtime.CompilerServices;
using Sluice.Objects;

namespace Sluice.Cleaning.Raw;

/// <summary>
/// Reads the sink's objects of a topic as batches: partition after partition in rising order, each from its position on. That
/// order (partition, then offset) is what "first" means among records with the same key.
/// </summary>
internal sealed class RawTopic(IObjectStore objects, string topic, CleaningOptions options)
{
    private static readonly Task<ReadOnlyMemory<byte>> s_nothing = Task.FromResult(ReadOnlyMemory<byte>.Empty);

    /// <summary>Partitions that have objects, in rising order.</summary>
    public async Task<IReadOnlyList<int>> PartitionsAsync(CancellationToken cancel)
    {
        var partitions = new List<int>();
        ObjectKey? after = null;
        while (await FirstAsync(RawObject.Prefix(topic), after, cancel) is { } key)
        {
            var partition = RawObject.PartitionOf(topic, key);
            partitions.Add(partition);
            after = RawObject.KeyBehind(topic, partition);
        }

        partitions.Sort();
        return partitions;
    }

    /// <summary>The records behind the positions. A partition without a position is read from its first object on.</summary>
    /// <exception cref="RawDataException">Offsets are missing, or a foreign object lies among the sink's. What comes before was yielded.</exception>
    public async IAsyncEnumerable<RawBatch> ReadAsync(
        IReadOnlyDictionary<int, RawPosition?> positions, [EnumeratorCancellation] CancellationToken cancel)
    {
        var batch = new RawBatch();
        foreach (var (partition, position) in positions.OrderBy(entry => entry.Key))
        {
            var next = position?.Next;
            await foreach (var (item, whole) in WithSmallOnesReadAsync(partition, position, cancel))
            {
                if (next is { } expected && item.StartOffset > expected)
                {
                    if (batch.Count > 0) yield return batch;
                    throw Gap(item, expected);
                }

                using var reading = new ObjectReading(objects, topic, item, whole, options.ReadBytes);
                while (await reading.FillAsync(batch, next ?? item.StartOffset, IsFull, cancel))
                {
                    batch.Reach(partition, new RawPosition(reading.Offset, reading.AtEnd ? reading.Offset : item.StartOffset));
                    yield return batch;
                    batch = new RawBatch();
                    next = reading.Offset;
                }

                next = Math.Max(next ?? 0, reading.Offset);
                batch.Reach(partition, new RawPosition(next.Value, next.Value));
            }
        }

        if (batch.Count > 0) yield return batch;
    }

    private bool IsFull(RawBatch batch) => batch.Count >= options.RowsPerCommitMax || batch.Bytes >= options.BytesPerCommitMax;

    /// <summary>Objects in order, the small ones with their bytes; those of the next few are already being read.</summary>
    private async IAsyncEnumerable<(RawObject Item, ReadOnlyMemory<byte> Whole)> WithSmallOnesReadAsync(
        int partition, RawPosition? position, [EnumeratorCancellation] CancellationToken cancel)
    {
        var pending = new Queue<(RawObject Item, Task<ReadOnlyMemory<byte>> Whole)>();
        await foreach (var info in objects.ListAsync(RawObject.Prefix(topic, partition), StartAfter(partition, position), cancel))
        {
            var item = RawObject.Parse(topic, partition, info);
            // A large object is read piece by piece; reading it ahead would hold its first piece for nothing.
            var isLarge = item.Size >= options.ReadBytes;
            pending.Enqueue((item, isLarge ? s_nothing : ObjectReading.WholeAsync(objects, item, cancel)));
            if (pending.Count < options.ReadAheadObjects && !isLarge) continue;
            var (ready, whole) = pending.Dequeue();
            yield return (ready, await whole);
        }

        while (pending.TryDequeue(out var entry)) yield return (entry.Item, await entry.Whole);
    }

    private ObjectKey? StartAfter(int partition, RawPosition? position) =>
        position is { ObjectStart: > 0 } known ? RawObject.KeyAt(topic, partition, known.ObjectStart - 1) : null;

    private RawDataException Gap(RawObject item, long expected) => new(
        $"Records {expected} to {item.StartOffset - 1} of {topic}-{item.Partition} are in no object: the next one is {item.Key}. "
        + $"Restore the object {RawObject.KeyAt(topic, item.Partition, expected)}; nothing behind it is cleaned meanwhile.");

    private async ValueTask<ObjectKey?> FirstAsync(string prefix, ObjectKey? after, CancellationToken cancel)
    {
        await foreach (var info in objects.ListAsync(prefix, after, cancel)) return info.Key;
        return null;
    }
}

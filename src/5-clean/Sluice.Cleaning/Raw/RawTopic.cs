using System.Runtime.CompilerServices;
using Sluice.Objects;

namespace Sluice.Cleaning.Raw;

/// <summary>
/// Reads the sink's objects of a topic as batches: partition after partition in rising order, each from its position on. That
/// order (partition, then offset) is what "first" means among records with the same key.
/// </summary>
internal sealed class RawTopic(IObjectStore objects, string topic, CleaningOptions options)
{
    /// <summary>Partitions that have objects, in rising order.</summary>
    public Task<IReadOnlyList<int>> PartitionsAsync(CancellationToken cancel) => RawTiles.PartitionsAsync(objects, topic, cancel);

    /// <summary>The records behind the positions. A partition without a position is read from its first object on.</summary>
    /// <exception cref="RawDataException">Objects are missing, or a foreign one lies among the sink's. What comes before was yielded.</exception>
    public async IAsyncEnumerable<RawBatch> ReadAsync(
        IReadOnlyDictionary<int, RawPosition?> positions, [EnumeratorCancellation] CancellationToken cancel)
    {
        var batch = new RawBatch();
        foreach (var (partition, position) in positions.OrderBy(entry => entry.Key))
        {
            var tiles = new RawTiles(objects, topic, partition, options);
            var next = position?.Next ?? 0;
            var from = next;
            var isFirst = position is null;
            await foreach (var tile in tiles.ReadAsync(position?.ObjectStart, cancel))
            {
                if (tile.Fault is not null)
                {
                    if (batch.HasMoved) yield return batch;
                    throw tile.Fault;
                }

                // What the log no longer held when the sink began.
                if (isFirst) batch.Skip(partition, tile.From);
                if (isFirst) next = tile.From;
                isFirst = false;
                using var reading = new ObjectReading(objects, topic, tile, options.ReadBytes);
                while (await reading.FillAsync(batch, next, IsFull, cancel))
                {
                    Reach(tile, reading.Offset, reading.AtEnd ? reading.Offset : tile.From);
                    yield return batch;
                    batch = new RawBatch();
                }

                tiles.Reached(Math.Max(next, reading.Offset));
                Reach(tile, Math.Max(next, reading.Offset), Math.Max(next, reading.Offset));
            }

            void Reach(RawTile tile, long to, long objectStart)
            {
                if (to == next) return;
                batch.Skip(partition, tile.SkippedIn(next, to));
                batch.Reach(partition, from, new RawPosition(to, objectStart));
                (from, next) = (to, to);
            }
        }

        if (batch.HasMoved) yield return batch;
    }

    private bool IsFull(RawBatch batch) => batch.Count >= options.RowsPerCommitMax || batch.Bytes >= options.BytesPerCommitMax;
}

using System.Runtime.CompilerServices;
using Sluice.Objects;

namespace Sluice.Cleaning.Raw;

/// <summary>
/// Reads the sink's objects of a topic as batches: partition after partition in rising order, each from its position on. That
/// order (partition, then offset) is what "first" means among records with the same key.
/// </summary>
internal sealed class RawTopic(IObjectStore objects, string topic, CleaningOptions options)
{
    private RawBatch _batch = new();

    /// <summary>Partitions that have objects, in rising order.</summary>
    public Task<IReadOnlyList<int>> PartitionsAsync(CancellationToken cancel) => RawTiles.PartitionsAsync(objects, topic, cancel);

    /// <summary>The records behind the positions, to be asked for once. A partition without a position is read from its first object on.</summary>
    /// <exception cref="RawDataException">Objects are missing or changed, or a foreign one lies among the sink's. What comes before was yielded.</exception>
    public async IAsyncEnumerable<RawBatch> ReadAsync(
        IReadOnlyDictionary<int, RawPosition?> positions, [EnumeratorCancellation] CancellationToken cancel)
    {
        RawDataException? fault = null;
        var full = FullOnesAsync(positions, cancel).GetAsyncEnumerator(cancel);
        await using var _ = full.ConfigureAwait(false);
        while (true)
        {
            try
            {
                if (!await full.MoveNextAsync()) break;
            }
            catch (RawDataException e)
            {
                fault = e;
                _batch.DropUnreached();
                break;
            }

            yield return full.Current;
        }

        if (_batch.HasMoved) yield return _batch;
        if (fault is not null) throw fault;
    }

    /// <summary>The batches but the last, which is left in <see cref="_batch"/>, also where something is at fault behind it.</summary>
    private async IAsyncEnumerable<RawBatch> FullOnesAsync(
        IReadOnlyDictionary<int, RawPosition?> positions, [EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var (partition, position) in positions.OrderBy(entry => entry.Key))
        {
            var tiles = new RawTiles(objects, topic, partition, options);
            var next = position?.Next ?? 0;
            var from = next;
            var isFirst = position is null;
            await foreach (var tile in tiles.ReadAsync(position?.ObjectStart, cancel))
            {
                // What the log no longer held when the sink began.
                if (isFirst) _batch.Skip(partition, tile.From);
                if (isFirst) next = tile.From;
                isFirst = false;
                using var reading = new ObjectReading(objects, topic, tile, options.ReadBytes);
                while (await reading.FillAsync(_batch, next, IsFull, cancel))
                {
                    Reach(tile, reading.Offset, reading.AtEnd ? reading.Offset : tile.From);
                    yield return _batch;
                    _batch = new RawBatch();
                }

                tiles.Reached(Math.Max(next, reading.Offset));
                Reach(tile, Math.Max(next, reading.Offset), Math.Max(next, reading.Offset));
            }

            void Reach(RawTile tile, long to, long objectStart)
            {
                if (to == next) return;
                _batch.Skip(partition, tile.SkippedIn(next, to));
                _batch.Reach(partition, from, new RawPosition(to, objectStart));
                (from, next) = (to, to);
            }
        }
    }

    private bool IsFull(RawBatch batch) => batch.Count >= options.RowsPerCommitMax || batch.Bytes >= options.BytesPerCommitMax;
}

using System.Globalization;
using Sluice.Log;
using Sluice.Tables;

namespace Sluice.Cleaning.Streaming;

/// <summary>
/// The positions of a stream's shards, which are in the clean table: the next offset to clean, and how many below it were never read.
/// A shard without a position is at 0, once the table holds a position of any.
/// </summary>
internal sealed class StreamPositions(CleaningTarget target, DeltaTable clean, ILog log, StreamOptions options)
{
    /// <summary>Brings the start, where it is not the beginning, into the table before anything is read; and steps over accepted gaps.</summary>
    /// <param name="wasAbsent">The stream was made while it was waited for, so all its records are later than the latest of then.</param>
    /// <param name="acceptsAllGaps">
    /// Gaps are stepped over in every shard. Otherwise those of this process's shards are, as the options say: others' are for those who read them,
    /// and may hold in memory what the log lost.
    /// </param>
    /// <exception cref="StreamGapException">Records are gone, and gaps are not accepted.</exception>
    /// <exception cref="CleaningException">A shard ends before its position: it is another stream's of the same name.</exception>
    public async Task<Func<int, long>> OpenAsync(bool wasAbsent, bool acceptsAllGaps, CancellationToken cancel)
    {
        var snapshot = await clean.SnapshotAsync(cancel);
        var shards = await log.PartitionsAsync(target.Topic, cancel);
        var hasBegun = shards.Any(shard => snapshot.TransactionVersion(target.PositionId(shard.Partition)) is not null);
        snapshot = hasBegun
            ? await StepOverGapsAsync(
                snapshot, acceptsAllGaps ? shards : await OwnAsync(shards, cancel), acceptsAllGaps || options.Gaps == GapPolicy.Skip, cancel)
            : await BeginAsync(snapshot, shards, wasAbsent ? StreamStart.Earliest : options.Start, cancel);
        return partition => snapshot.TransactionVersion(target.PositionId(partition)) ?? 0;
    }

    private async ValueTask<IReadOnlyList<PartitionDescription>> OwnAsync(IReadOnlyList<PartitionDescription> shards, CancellationToken cancel) =>
        await log.OwnedPartitionsAsync([target.Topic], cancel) is { } owned
            ? [.. shards.Where(shard => owned.Contains(new TopicPartition(target.Topic, shard.Partition)))]
            : shards;

    /// <summary>The log ends before the position.</summary>
    public static CleaningException MadeAnew(CleaningTarget target, string shard, long end, long next) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"Shard {shard} of stream {target.Topic} ends at {end}, but stream.{target.Dataset.Name} holds its records up to {next}: the stream was deleted and "
        + $"made anew, or its log was lost. Restore the log, or remove the table stream.{target.Dataset.Name} to clean the stream from its beginning."));

    private async Task<Snapshot> BeginAsync(Snapshot snapshot, IReadOnlyList<PartitionDescription> shards, StreamStart start, CancellationToken cancel)
    {
        var transactions = new List<SetTransaction>();
        foreach (var shard in shards)
        {
            var from = await OffsetAsync(shard.Partition, start, cancel);
            // The beginning of a whole shard needs no note: it is where reading begins without one.
            if (from == 0 && start.Kind == StreamStartKind.Earliest) continue;
            transactions.Add(new SetTransaction(target.PositionId(shard.Partition), from));
            if (from > 0) transactions.Add(new SetTransaction(target.SkippedId(shard.Partition), from));
        }

        return await CommitAsync(snapshot, transactions, cancel);
    }

    private async Task<Snapshot> StepOverGapsAsync(
        Snapshot snapshot, IReadOnlyList<PartitionDescription> shards, bool acceptGaps, CancellationToken cancel)
    {
        var gaps = new List<StreamGap>();
        var transactions = new List<SetTransaction>();
        foreach (var shard in shards)
        {
            var next = snapshot.TransactionVersion(target.PositionId(shard.Partition)) ?? 0;
            var (first, end) = await log.OffsetsAsync(new TopicPartition(target.Topic, shard.Partition), cancel);
            if (next > end) throw MadeAnew(target, shard.Name, end, next);
            if (next >= first) continue;
            var skipped = snapshot.TransactionVersion(target.SkippedId(shard.Partition)) ?? 0;
            gaps.Add(new StreamGap(shard.Partition, shard.Name, next, first));
            transactions.Add(new SetTransaction(target.PositionId(shard.Partition), first));
            transactions.Add(new SetTransaction(target.SkippedId(shard.Partition), skipped + first - next));
        }

        return acceptGaps || gaps.Count == 0
            ? await CommitAsync(snapshot, transactions, cancel)
            : throw new StreamGapException(target.Dataset.Name, target.Topic, gaps);
    }

    private async Task<Snapshot> CommitAsync(Snapshot snapshot, List<SetTransaction> transactions, CancellationToken cancel)
    {
        if (transactions.Count == 0) return snapshot;
        await TableWriter.CommitAsync(clean, snapshot, [], new Append(transactions), cancel);
        return await clean.SnapshotAsync(cancel);
    }

    private async ValueTask<long> OffsetAsync(int partition, StreamStart start, CancellationToken cancel)
    {
        var shard = new TopicPartition(target.Topic, partition);
        var offsets = await log.OffsetsAsync(shard, cancel);
        return start.Kind switch
        {
            StreamStartKind.Latest => offsets.End,
            StreamStartKind.Timestamp => await log.OffsetForTimestampAsync(shard, start.At!.Value.ToUnixTimeMilliseconds(), cancel) ?? offsets.End,
            _ => offsets.Start,
        };
    }
}

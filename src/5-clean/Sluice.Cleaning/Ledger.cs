using System.Globalization;
using Sluice.Definition;
using Sluice.Log;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Cleaning;

/// <summary>
/// Accounts for every record: what a topic received is clean, quarantined, a duplicate, dropped by an expectation, or waiting to be cleaned. All numbers are counted
/// from the tables and the log, none is kept beside them.
/// </summary>
public sealed class Ledger(PipelineDefinition pipeline, TableCatalog tables, CleaningOptions options)
{
    /// <summary>The log's end offsets of a topic: how many offsets its partitions ever gave; empty for no such topic.</summary>
    public static async ValueTask<IReadOnlyList<PartitionEnd>> ReceivedAsync(ILog log, string topic, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(log);
        var ends = new List<PartitionEnd>();
        foreach (var partition in await log.PartitionsAsync(topic, cancel))
            ends.Add(new PartitionEnd(partition.Partition, (await log.OffsetsAsync(new TopicPartition(topic, partition.Partition), cancel)).End));
        return ends;
    }

    /// <summary>The account of a dataset on one path while records arrive and are cleaned: what is cleaned is read first, what arrived after it.</summary>
    /// <param name="path">batch or stream.</param>
    /// <exception cref="ArgumentException">No such dataset or path.</exception>
    public async Task<LedgerAccount> ReadAsync(string dataset, string path, ILog log, CancellationToken cancel)
    {
        var target = CleaningTarget.Of(pipeline.DatasetNamed(dataset), path);
        using var counts = await LedgerCounts.OpenAsync(tables, target, options, cancel);
        return await AccountAsync(target, counts, await ReceivedAsync(log, target.Topic, cancel), cancel);
    }

    /// <summary>The account of a dataset on one path.</summary>
    /// <param name="path">batch or stream.</param>
    /// <param name="received">End offsets of the topic's partitions (<see cref="ReceivedAsync"/>), none of which was cleaned beyond.</param>
    /// <exception cref="ArgumentException">No such dataset or path.</exception>
    public async Task<LedgerAccount> ReadAsync(
        string dataset, string path, IReadOnlyList<PartitionEnd> received, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(received);
        var target = CleaningTarget.Of(pipeline.DatasetNamed(dataset), path);
        using var counts = await LedgerCounts.OpenAsync(tables, target, options, cancel);
        return await AccountAsync(target, counts, received, cancel);
    }

    private static async Task<LedgerAccount> AccountAsync(
        CleaningTarget target, LedgerCounts counts, IReadOnlyList<PartitionEnd> received, CancellationToken cancel)
    {
        var partitions = new List<LedgerPartition>(received.Count);
        foreach (var (partition, end) in received.OrderBy(item => item.Partition))
        {
            var position = counts.PositionOf(partition);
            var skipped = counts.SkippedOf(partition);
            var quarantined = await counts.QuarantinedAsync(partition, position, cancel);
            var duplicates = await counts.DuplicatesAsync(partition, position, cancel);
            var dropped = counts.DroppedOf(partition);
            var empty = counts.WithoutRecordOf(partition);
            var clean = position - empty - skipped - quarantined - duplicates - dropped;
            partitions.Add(new LedgerPartition(partition, end - empty, end - position, clean, quarantined, duplicates) { Skipped = skipped, Dropped = dropped });
        }

        return new LedgerAccount(
            target.Dataset.Name, target.Path, target.Topic, partitions.Sum(p => p.Received), partitions.Sum(p => p.Waiting),
            await counts.CleanAsync(cancel), partitions.Sum(p => p.Quarantined), partitions.Sum(p => p.Duplicates), partitions);
    }
}

/// <summary>The number of offsets a partition ever gave: its log end offset.</summary>
public readonly record struct PartitionEnd(int Partition, long End);

/// <summary>One line of the ledger.</summary>
/// <param name="Received">Records the log acknowledged and committed.</param>
/// <param name="Waiting">
/// Of these, not cleaned yet. Offsets without a record (transaction markers, aborted and compacted records) count here, and above, until
/// cleaning has passed them.
/// </param>
/// <param name="Clean">Rows of the clean table, counted.</param>
/// <param name="Quarantined">Rows of the quarantine, counted.</param>
/// <param name="Duplicates">Rows of the duplicates, counted.</param>
/// <param name="Partitions">The same by partition.</param>
public sealed record LedgerAccount(
    string Dataset,
    string Path,
    string Topic,
    long Received,
    long Waiting,
    long Clean,
    long Quarantined,
    long Duplicates,
    IReadOnlyList<LedgerPartition> Partitions)
{
    /// <summary>
    /// Records that were left out: those before the start, those that the log removed before they were sunk, or cleaned and that was accepted, and
    /// those that the sink was told to pass over.
    /// </summary>
    public long Skipped => Partitions.Sum(p => p.Skipped);

    /// <summary>Rows that an expectation left out, as the clean table's commits counted them.</summary>
    public long Dropped => Partitions.Sum(p => p.Dropped);

    /// <summary>Whether every record is accounted for, once.</summary>
    public bool Closes => Received == Clean + Quarantined + Duplicates + Dropped + Skipped + Waiting && Partitions.All(p => p.Waiting >= 0 && p.Clean >= 0);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Path}.{Dataset}: {Received} received = {Clean} clean + {Quarantined} quarantined + {Duplicates} duplicates + "
        + $"{(Dropped == 0 ? "" : $"{Dropped} dropped + ")}{(Skipped == 0 ? "" : $"{Skipped} skipped + ")}{Waiting} waiting: {(Closes ? "closes" : "DOES NOT CLOSE")}");
}

/// <summary>A partition's part.</summary>
/// <param name="Clean">Derived: records below the position that are in neither quarantine nor duplicates, nor dropped or skipped.</param>
public sealed record LedgerPartition(int Partition, long Received, long Waiting, long Clean, long Quarantined, long Duplicates)
{
    /// <summary>Records below the position that were never read.</summary>
    public long Skipped { get; init; }

    /// <summary>Offsets below the position whose rows an expectation left out.</summary>
    public long Dropped { get; init; }
}

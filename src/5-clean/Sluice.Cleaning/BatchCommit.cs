using Sluice.Cleaning.Judging;
using Sluice.Cleaning.Quality;
using Sluice.Cleaning.Raw;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Cleaning;

/// <summary>
/// Takes one batch into the tables. The commit to the clean table holds the positions reached and decides: before it, nothing of the
/// batch counts; after it, all of it does. Records at fault and duplicates are therefore stored before, each table noting up to where.
/// </summary>
/// <remarks>
/// What an attempt that died before its clean commit left in those two tables stands: at the next attempt, records found there at or behind
/// the position are decided, and are neither judged nor stored again, even if the SQL or the batch's bounds changed in between.
/// Whether there is anything to look for is told by the offsets the two tables note, so the common case reads neither. Rows that an expectation
/// leaves out are in no table: their number, and what the expectations counted, is in the clean commit itself (<see cref="QualityCounters"/>).
/// </remarks>
internal sealed class BatchCommit(CleaningTarget target, DatasetTables tables, CleaningSession session, KnownKeys keys, TimeProvider time)
{
    /// <summary>Judges and stores the batch; the counts include what an earlier attempt decided.</summary>
    /// <exception cref="OvertakenException">Another writer was first. The batch must be read anew from the tables' positions.</exception>
    /// <exception cref="ExpectationException">A row does not meet an expectation that stops the dataset; nothing was committed.</exception>
    public async Task<Verdicts> RunAsync(RawBatch batch, CancellationToken cancel)
    {
        var clean = await tables.Clean.SnapshotAsync(cancel);
        var quarantine = await tables.Quarantine.SnapshotAsync(cancel);
        var duplicates = await tables.Duplicates.SnapshotAsync(cancel);
        RequirePositions(clean, batch);

        var inQuarantine = await DecidedAsync(tables.Quarantine, quarantine, clean, batch, cancel);
        var inDuplicates = await DecidedAsync(tables.Duplicates, duplicates, clean, batch, cancel);
        inDuplicates.ExceptWith(inQuarantine);
        var decided = new HashSet<int>(inQuarantine);
        decided.UnionWith(inDuplicates);

        var counted = await CountDecidedAsync(batch, decided, cancel);

        // With the keys at hand a batch is judged at once; without them, writing its rows meanwhile costs nothing and saves keeping them.
        var written = keys.ReadsTable ? await session.WriteAsync(batch, decided, (tables.Clean, clean), KnownAsync, cancel) : null;
        var verdicts = written?.Verdicts ?? await session.JudgeAsync(batch, decided, KnownAsync, cancel);
        await UnmetExpectation.StopAsync(target, session, batch, cancel);
        counted.Add(session.Tally);
        await StoreAsync(batch, new Judged(verdicts, written?.Files, counted), (clean, quarantine, duplicates), cancel);
        return verdicts + new Verdicts(0, inQuarantine.Count, inDuplicates.Count);

        ValueTask<string?> KnownAsync(CancellationToken token) => keys.FindAsync(clean, token);
    }

    /// <summary>
    /// Quarantine and duplicates are committed while the next table's file is written: on a slow disk most of a small commit's time is
    /// waiting for it. The clean commit waits for both.
    /// </summary>
    private async Task StoreAsync(
        RawBatch batch, Judged judged,
        (Snapshot Clean, Snapshot Quarantine, Snapshot Duplicates) basis, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var decided = new List<Task>();
        var clean = judged.Files;
        try
        {
            if (judged.Verdicts.Quarantined > 0)
            {
                var rows = await session.QuarantineRowsAsync(batch, target.Path, now, cancel);
                decided.Add(await BeginAsync(tables.Quarantine, basis.Quarantine, rows, batch, cancel));
            }

            if (judged.Verdicts.Duplicates > 0)
            {
                var rows = await session.DuplicateRowsAsync(batch, target.Path, now, cancel);
                decided.Add(await BeginAsync(tables.Duplicates, basis.Duplicates, rows, batch, cancel));
            }

            clean ??= judged.Verdicts.Clean > 0 ? await tables.Clean.WriteFilesAsync(session.Connection, session.CleanRows, cancel) : [];
        }
        finally
        {
            await Task.WhenAll(decided);
        }

        session.Committed(await TableWriter.CommitAsync(tables.Clean, basis.Clean, clean, new Append(Reached(batch, basis.Clean, judged.Tally), ReadsTable: true), cancel));
        keys.Accept(clean);
    }

    /// <summary>Writes the rows; the commit that adds them is under way when this returns.</summary>
    private async Task<Task> BeginAsync(DeltaTable table, Snapshot basis, string rows, RawBatch batch, CancellationToken cancel)
    {
        var files = await table.WriteFilesAsync(session.Connection, rows, cancel);
        return TableWriter.CommitAsync(table, basis, files, new Append(Noted(basis, batch)), cancel);
    }

    /// <summary>
    /// The table must be where reading for the batch began: behind it, records between the two would be passed over as offsets without one;
    /// beyond it, some of the batch are in the tables.
    /// </summary>
    private void RequirePositions(Snapshot clean, RawBatch batch)
    {
        foreach (var (partition, from) in batch.Begun)
        {
            var next = clean.TransactionVersion(target.PositionId(partition)) ?? 0;
            if (next != from) throw new OvertakenException($"Table {tables.Clean.Name} is at {target.Topic}-{partition} {next}, not at {from}.");
        }
    }

    /// <summary>
    /// What the expectations say of records that an earlier attempt decided: they are in its tables, but its counts went with it. The
    /// session's state is that of another batch afterwards.
    /// </summary>
    private async Task<Tally> CountDecidedAsync(RawBatch batch, HashSet<int> decided, CancellationToken cancel)
    {
        var counted = new Tally(target.Dataset.Expectations.Count);
        if (decided.Count == 0 || target.Dataset.Expectations.Count == 0) return counted;
        var others = Enumerable.Range(0, batch.Count).Where(ordinal => !decided.Contains(ordinal)).ToHashSet();
        await session.JudgeAsync(batch, others, static _ => ValueTask.FromResult<string?>(null), cancel);
        counted.Add(session.Tally);
        return counted;
    }

    private List<SetTransaction> Reached(RawBatch batch, Snapshot clean, Tally tally) =>
    [
        .. batch.Reached.Select(reached => new SetTransaction(target.PositionId(reached.Key), reached.Value.Next)),
        .. batch.Reached.Where(_ => target.ReadsObjects)
            .Select(reached => new SetTransaction(target.ObjectId(reached.Key), reached.Value.ObjectStart)),
        .. batch.Reached.SelectMany(reached => NotRead(batch, clean, reached.Key, reached.Value.Next)),
        .. QualityCounters.Dropped(target, clean, session.Dropped.Select(batch.PlaceOf)),
        .. QualityCounters.Judged(target, clean, tally),
    ];

    /// <summary>The counts of offsets below the position that are not those of records which were read; only those that change.</summary>
    private IEnumerable<SetTransaction> NotRead(RawBatch batch, Snapshot clean, int partition, long next)
    {
        var skipped = batch.SkippedOf(partition);
        var passed = next - (clean.TransactionVersion(target.PositionId(partition)) ?? 0);
        if (skipped > 0) yield return Grown(target.SkippedId(partition), skipped);
        if (passed - skipped - batch.RecordsOf(partition) is > 0 and var empty) yield return Grown(target.WithoutRecordId(partition), empty);

        SetTransaction Grown(string id, long by) => new(id, (clean.TransactionVersion(id) ?? 0) + by);
    }

    /// <summary>An earlier attempt may have come further than this one, with larger batches; what it noted stays true.</summary>
    private List<SetTransaction> Noted(Snapshot table, RawBatch batch) =>
    [
        .. batch.Reached.Select(reached =>
        {
            var id = target.PositionId(reached.Key);
            return new SetTransaction(id, Math.Max(table.TransactionVersion(id) ?? 0, reached.Value.Next));
        }),
    ];

    /// <summary>Ordinals of the batch's records that the table holds from an attempt which did not reach its clean commit.</summary>
    private async Task<HashSet<int>> DecidedAsync(
        DeltaTable table, Snapshot snapshot, Snapshot clean, RawBatch batch, CancellationToken cancel)
    {
        var decided = new HashSet<int>();
        foreach (var partition in batch.Reached.Keys)
        {
            var position = clean.TransactionVersion(target.PositionId(partition)) ?? 0;
            if (snapshot.TransactionVersion(target.PositionId(partition)) is not { } noted || noted <= position) continue;
            var relation = await table.RelationAsync(snapshot, cancel);
            using var rows = await session.Connection.SelectAsync(
                $"""SELECT "offset" FROM {relation} WHERE path = $1 AND topic = $2 AND partition = $3 AND "offset" >= $4""",
                cancel, target.Path, target.Topic, partition, position);
            await foreach (var offset in rows.ReadAsync(row => row.GetInt64(0), cancel))
            {
                if (batch.OrdinalAt(partition, offset) is { } ordinal) decided.Add(ordinal);
            }
        }

        return decided;
    }

    /// <summary>A batch's outcome; its clean rows may be in files already.</summary>
    private sealed record Judged(Verdicts Verdicts, IReadOnlyList<AddFile>? Files, Tally Tally);
}

using System.Runtime.CompilerServices;
using System.Text;
using Sluice.Cleaning.Judging;
using Sluice.Cleaning.Quality;
using Sluice.Cleaning.Raw;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Cleaning;

/// <summary>
/// Judges quarantined records again, with the pipeline as it is, and moves those that pass to the clean table or the duplicates.
/// </summary>
/// <remarks>
/// Batch by batch: the verdicts are stored in <c>replayed.*</c> under the replay's number; the commit to the clean table then holds the
/// rows and that number, and decides; duplicates and quarantine take in what the number stands for, each in a commit that holds the
/// number too. Whoever comes after a crash sees which of the two still lacks it. A number whose clean commit never came means nothing.
/// A number is taken only by who saw the one before it taken in, and quarantine after that: of two replays at once, one is overtaken.
/// Expectations act on replayed rows as on others, but do not count them: they were counted, or were at fault, in the run that met them.
/// </remarks>
internal sealed class Replay(CleaningTarget target, TableCatalog catalog, CleaningOptions options, TimeProvider time)
{
    public const string Clean = "clean";
    public const string Duplicate = "duplicate";
    public const string Dropped = "dropped";
    public const string StillQuarantined = "quarantined";

    private const string Place = """topic, partition, "offset", object, line""";

    // Over the attempts: what moved stays moved.
    private Verdicts _moved;

    /// <summary>One attempt; its report counts what the attempts before it moved.</summary>
    /// <exception cref="OvertakenException">Another writer was first; to be called anew.</exception>
    /// <exception cref="ExpectationException">A row does not meet an expectation that stops the dataset.</exception>
    public async Task<ReplayReport> RunAsync(CancellationToken cancel)
    {
        var tables = await DatasetTables.OpenAsync(catalog, target, cancel);
        var replayed = await DatasetTables.OpenReplayedAsync(catalog, target.Dataset, cancel);
        using var session = CleaningSession.Open(target.Dataset, options);
        var quarantined = 0L;
        QuarantinedRecord? last = null;
        while (true)
        {
            var clean = await tables.Clean.SnapshotAsync(cancel);
            await FinishAsync(tables, replayed, clean, session, cancel);
            var records = await NextAsync(tables, clean, session, last, cancel);
            if (records.Count == 0) break;
            last = records[^1];
            var batch = new RawBatch();
            foreach (var record in records) batch.Add(record.Place, Encoding.UTF8.GetBytes(record.Raw));
            var verdicts = await MoveAsync(tables, replayed, session, new Round(NumberIn(clean), batch, records), cancel);
            _moved += verdicts with { Quarantined = 0 };
            quarantined += verdicts.Quarantined;
        }

        return new ReplayReport(target.Dataset.Name, target.Path, _moved.Clean, _moved.Duplicates, quarantined) { Dropped = _moved.Dropped };
    }

    private async Task<Verdicts> MoveAsync(
        DatasetTables tables, DeltaTable replayed, CleaningSession session, Round input, CancellationToken cancel)
    {
        // Newer than the round's, so that a cleaning which goes on meanwhile is less in the way. Another replay since has moved some of the records.
        var clean = await tables.Clean.SnapshotAsync(cancel);
        if (NumberIn(clean) != input.Number) throw new OvertakenException($"Table {tables.Clean.Name}: another replay moved records meanwhile.");
        var basis = await replayed.SnapshotAsync(cancel);
        var keys = new TableKeys(tables.Clean, target.Dataset.Key);
        var verdicts = await session.JudgeAsync(input.Batch, new HashSet<int>(), token => keys.FindAsync(clean, token), cancel);

        await UnmetExpectation.StopAsync(target, session, input.Batch, cancel);

        // What is still at fault for the same reasons is no news.
        var same = session.Faults.Where(fault => fault.Value.SequenceEqual(input.Records[fault.Key].Reasons)).Select(fault => fault.Key).ToHashSet();
        if (same.Count == input.Batch.Count) return verdicts;
        var number = Math.Max(input.Number, NumberIn(basis)) + 1;
        var transaction = new SetTransaction(target.ReplayId, number);

        var rows = await VerdictRowsAsync(session, input.Batch, same, number, cancel);
        await TableWriter.AppendAsync(replayed, basis, session.Connection, rows, new Append([transaction]), cancel);
        var files = verdicts.Clean > 0 ? await tables.Clean.WriteFilesAsync(session.Connection, session.CleanRows, cancel) : [];
        var dropped = QualityCounters.Dropped(target, clean, session.Dropped.Select(input.Batch.PlaceOf));
        await TableWriter.CommitAsync(tables.Clean, clean, files, new Append([transaction, .. dropped], ReadsTable: true), cancel);
        return verdicts;
    }

    /// <summary>Lets duplicates and quarantine take in the last replay that the clean table holds, if they have not.</summary>
    private async Task FinishAsync(
        DatasetTables tables, DeltaTable replayed, Snapshot clean, CleaningSession session, CancellationToken cancel)
    {
        var number = NumberIn(clean);
        var verdicts = await VerdictsAsync(replayed, number, cancel);
        var transaction = new SetTransaction(target.ReplayId, number);

        var duplicates = await tables.Duplicates.SnapshotAsync(cancel);
        if (NumberIn(duplicates) < number)
        {
            var rows = $"SELECT path, {Place}, key, replayed_at AS found_at FROM {verdicts} WHERE verdict = '{Duplicate}'";
            await TableWriter.AppendAsync(tables.Duplicates, duplicates, session.Connection, rows, new Append([transaction]), cancel);
        }

        var quarantine = await tables.Quarantine.SnapshotAsync(cancel);
        if (NumberIn(quarantine) < number)
        {
            var rows = $"""
                SELECT q.* REPLACE (coalesce(v.reasons, q.reasons) AS reasons)
                FROM {await tables.Quarantine.RelationAsync(quarantine, cancel)} q
                LEFT JOIN {verdicts} v
                ON v.path = q.path AND v.topic = q.topic AND v.partition = q.partition AND v."offset" = q."offset"
                WHERE v.verdict IS NULL OR v.verdict = '{StillQuarantined}'
                """;
            await TableWriter.AppendAsync(
                tables.Quarantine, quarantine, session.Connection, rows, new Append([transaction], ReadsTable: true, Overwrite: true), cancel);
        }
    }

    private long NumberIn(Snapshot table) => table.TransactionVersion(target.ReplayId) ?? 0;

    private async Task<string> VerdictsAsync(DeltaTable replayed, long number, CancellationToken cancel)
    {
        var relation = await replayed.RelationAsync(await replayed.SnapshotAsync(cancel), cancel);
        return $"(SELECT * FROM {relation} WHERE path = {SqlName.Literal(target.Path)} AND replay = {number})";
    }

    private async Task<string> VerdictRowsAsync(
        CleaningSession session, RawBatch batch, HashSet<int> same, long number, CancellationToken cancel)
    {
        await session.PlaceAsync(batch, cancel);
        var rows = session.VerdictRows(batch.Count, same);
        return $"""
            SELECT {SqlName.Literal(target.Path)} AS path, {Place}, CAST({number} AS BIGINT) AS replay, verdict, key, reasons,
              {CleaningSession.Timestamp(time.GetUtcNow())} AS replayed_at
            FROM ({rows})
            """;
    }

    /// <summary>The next quarantined records in order of their place: as many as a batch holds, none at the end.</summary>
    private async Task<List<QuarantinedRecord>> NextAsync(
        DatasetTables tables, Snapshot clean, CleaningSession session, QuarantinedRecord? after, CancellationToken cancel)
    {
        var records = new List<QuarantinedRecord>();
        var bytes = 0L;
        await foreach (var record in CandidatesAsync(tables.Quarantine, session, after, cancel))
        {
            // A record behind the position is from an attempt of the cleaning that was not committed: it is not in quarantine yet.
            if (record.Place.Topic == target.Topic
                && record.Place.Offset >= (clean.TransactionVersion(target.PositionId(record.Place.Partition)) ?? 0)) continue;
            records.Add(record);
            bytes += record.Raw.Length;
            if (records.Count >= options.RowsPerCommitMax || bytes >= options.BytesPerCommitMax) break;
        }

        return records;
    }

    private async IAsyncEnumerable<QuarantinedRecord> CandidatesAsync(
        DeltaTable quarantine, CleaningSession session, QuarantinedRecord? after, [EnumeratorCancellation] CancellationToken cancel)
    {
        var relation = await quarantine.RelationAsync(await quarantine.SnapshotAsync(cancel), cancel);
        var (topic, partition, offset, _, _) = after?.Place ?? new RawPlace("", -1, -1, null, null);
        var select = $"""
            SELECT {Place}, raw, reasons FROM {relation}
            WHERE path = $1 AND (topic, partition, "offset") > ($2, $3, $4) AND NOT starts_with(raw, '{RawText.EscapedMark}')
            ORDER BY topic, partition, "offset"
            """;
        using var rows = await session.Connection.SelectAsync(select, cancel, target.Path, topic, partition, offset);
        await foreach (var record in rows.ReadAsync(QuarantinedRecord.Read, cancel)) yield return record;
    }

    /// <summary>Records to be moved.</summary>
    /// <param name="Number">The last replay that quarantine had taken in when they were read there.</param>
    private sealed record Round(long Number, RawBatch Batch, IReadOnlyList<QuarantinedRecord> Records);
}

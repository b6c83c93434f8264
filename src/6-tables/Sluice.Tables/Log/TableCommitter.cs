using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Sluice.Tables;

/// <summary>Turns a change into the actions of a commit and gets it into the log, past other writers.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle is never asked for holds nothing to dispose.")]
internal sealed class TableCommitter(
    TableCatalog catalog, TableName table, TableLog log, SnapshotLoader loader, SnapshotCache cache, CheckpointWriter checkpoints,
    ChecksumWriter checksums)
{
    private readonly SemaphoreSlim _gate = new(1, 1);

    /// <exception cref="TableUnsupportedException">The table asks writers for a feature that Sluice does not have.</exception>
    public void CheckWritable(Snapshot snapshot)
    {
        if (Features.WriteFault(snapshot.Protocol, snapshot.Metadata, snapshot.DeltaSchema) is { } fault) throw new TableUnsupportedException(table, fault);
    }

    /// <exception cref="TableUnsupportedException">The table would ask for a feature that Sluice does not write.</exception>
    public async ValueTask CreateAsync(TableStart start, CancellationToken cancel)
    {
        if (Features.ReadFault(start.Protocol) is { } unread) throw new TableUnsupportedException(table, unread);
        if (Features.WriteFault(start.Protocol, start.Metadata, start.Schema) is { } fault) throw new TableUnsupportedException(table, fault);
        var now = catalog.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var info = new CommitInfo
        {
            Timestamp = now,
            InCommitTimestamp = InCommitTimestamps.AreOn(start.Metadata) ? now : null,
            Operation = "CREATE TABLE",
            OperationParameters = new Dictionary<string, string>
            {
                ["isManaged"] = "false",
                ["partitionBy"] = JsonSerializer.Serialize(start.Metadata.PartitionColumns),
                ["properties"] = JsonSerializer.Serialize(start.Metadata.Configuration),
            },
            IsolationLevel = Isolation(serializable: false),
            IsBlindAppend = true,
            EngineInfo = catalog.Options.EngineInfo,
            TxnId = $"{catalog.Options.NewId():D}",
        };
        await PutAsync(0, [info, start.Protocol, start.Metadata with { CreatedTime = now }], info.TxnId, cancel);
    }

    public async ValueTask<CommitResult> CommitAsync(Snapshot basis, Change change, CancellationToken cancel)
    {
        CheckWritable(basis);
        if ((change.Overwrite || change is { DataChange: true, Removes.Count: > 0 }) && Features.IsOn(basis.Metadata.Configuration, "delta.appendOnly"))
        {
            throw new TableUnsupportedException(table, "it is append-only (delta.appendOnly): this change would remove rows");
        }

        // One at a time within this process: waiting is cheaper than losing the race and rebasing.
        await _gate.WaitAsync(cancel);
        try
        {
            return await CommitInTurnAsync(basis, change, cancel);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async ValueTask<CommitResult> CommitInTurnAsync(Snapshot basis, Change change, CancellationToken cancel)
    {
        var serializable = basis.Metadata.Configuration.GetValueOrDefault("delta.isolationLevel") == "Serializable";
        var commit = new CommitActions(basis, change, catalog.Time, catalog.Options, Isolation(serializable));
        var latest = basis;
        var known = cache.Last?.Version ?? -1;
        while (true)
        {
            if (latest.Version >= known)
            {
                var actions = commit.Build(latest.Version + 1, await CommitTimeAsync(latest, change.Metadata ?? basis.Metadata, cancel));
                if (await PutAsync(latest.Version + 1, actions, commit.TxnId, cancel)) return await CommittedAsync(loader.Advance(latest, actions));
            }

            // Each commit that came before is looked at, so the next attempt follows only commits that leave the change valid.
            while (await log.ReadCommitAsync(latest.Version + 1, cancel) is { } winner)
            {
                if (ConflictCheck.Against(latest.Version + 1, winner, commit.Intent, serializable) is { } conflict) return conflict;
                latest = loader.Advance(latest, winner);
            }

            // A gap in the log must not be filled: what stood there has been cleaned up.
            if (latest.Version < known) throw new TableVersionException(table, latest.Version + 1, "the commits since the change's basis were cleaned up; prepare it again");
        }
    }

    private async ValueTask<CommitResult> CommittedAsync(Snapshot committed)
    {
        cache.Offer(committed);
        await checksums.WriteIfDueAsync(committed);
        if (await checkpoints.WriteIfDueAsync(committed) is { } slim) cache.Slim(slim);
        return new CommitResult(CommitOutcome.Committed, committed.Version, null);
    }

    /// <summary>
    /// The in-commit timestamp of the version after <paramref name="latest"/>: now, but later than that of the version before; null when
    /// the table keeps none.
    /// </summary>
    private async ValueTask<long?> CommitTimeAsync(Snapshot latest, TableMetadata metadata, CancellationToken cancel)
    {
        if (!InCommitTimestamps.AreOn(metadata)) return null;
        var before = latest.State.LastCommit;
        // A snapshot that a checkpoint gave does not hold the commit's own words.
        if (before is null && await log.ReadCommitAsync(latest.Version, cancel) is { } actions) before = actions.OfType<CommitInfo>().FirstOrDefault();
        var now = catalog.Time.GetUtcNow().ToUnixTimeMilliseconds();
        return Math.Max(now, (before?.InCommitTimestamp ?? before?.Timestamp ?? 0) + 1);
    }

    /// <summary>Puts a commit; false when another one has that version.</summary>
    /// <exception cref="IOException">The store failed, and what became of the commit cannot be found out.</exception>
    private async ValueTask<bool> PutAsync(long version, IEnumerable<ILogAction> actions, string txnId, CancellationToken cancel)
    {
        var content = ActionWriter.Lines(actions);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                // A put that a lower layer repeated after a lost answer finds its own first try in the way.
                return await log.PutCommitAsync(version, content, cancel) || await IsOursAsync(version, txnId, cancel) == true;
            }
            catch (IOException) when (attempt < catalog.Options.CommitLookupsMax)
            {
                if (await OutcomeAsync(version, txnId, cancel) is { } ours) return ours;
            }
        }
    }

    /// <summary>Whether the commit of a version is the one with this id; null when there is none.</summary>
    private async ValueTask<bool?> IsOursAsync(long version, string txnId, CancellationToken cancel) =>
        await log.ReadCommitAsync(version, cancel) is { } actions
            ? actions.OfType<CommitInfo>().FirstOrDefault()?.TxnId == txnId
            : null;

    /// <summary>Looks up a commit whose put failed: it may have taken place. Null when it has not; the next put tells for sure.</summary>
    private async ValueTask<bool?> OutcomeAsync(long version, string txnId, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await IsOursAsync(version, txnId, cancel);
            }
            catch (IOException) when (attempt < catalog.Options.CommitLookupsMax)
            {
                // The lookup changes nothing, so it is simply made again.
                continue;
            }
        }
    }

    private static string Isolation(bool serializable) => serializable ? "Serializable" : "WriteSerializable";
}

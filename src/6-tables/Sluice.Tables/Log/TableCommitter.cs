using System.Diagnostics.CodeAnalysis;

namespace Sluice.Tables;

/// <summary>Turns a change into the actions of a commit and gets it into the log, past other writers.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle is never asked for holds nothing to dispose.")]
internal sealed class TableCommitter(TableCatalog catalog, TableName table, TableLog log, SnapshotLoader loader, SnapshotCache cache)
{
    private readonly SemaphoreSlim _gate = new(1, 1);

    /// <exception cref="TableUnsupportedException">The table asks writers for a feature that Sluice does not have.</exception>
    public void CheckWritable(Snapshot snapshot)
    {
        if (Features.WriteFault(snapshot.Protocol, snapshot.Metadata, snapshot.DeltaSchema) is { } fault) throw new TableUnsupportedException(table, fault);
    }

    public async ValueTask CreateAsync(StructType schema, CancellationToken cancel)
    {
        var now = catalog.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var metadata = new TableMetadata($"{catalog.Options.NewId():D}", SchemaJson.Write(schema), [], EmptyMap.Strings) { CreatedTime = now };
        var info = new CommitInfo
        {
            Timestamp = now,
            Operation = "CREATE TABLE",
            OperationParameters = new Dictionary<string, string> { ["isManaged"] = "false", ["partitionBy"] = "[]", ["properties"] = "{}" },
            IsolationLevel = Isolation(serializable: false),
            IsBlindAppend = true,
            EngineInfo = catalog.Options.EngineInfo,
            TxnId = $"{catalog.Options.NewId():D}",
        };
        await PutAsync(0, [info, new TableProtocol(1, 2), metadata], info.TxnId, cancel);
    }

    public async ValueTask<CommitResult> CommitAsync(Snapshot basis, Change change, CancellationToken cancel)
    {
        CheckWritable(basis);
        if (change.Overwrite && Features.IsOn(basis.Metadata.Configuration, "delta.appendOnly"))
        {
            throw new TableUnsupportedException(table, "it is append-only (delta.appendOnly): an overwrite would remove rows");
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
        while (true)
        {
            // Every winner since is checked before the next attempt, so the attempt follows only commits that leave the change valid.
            while (await log.ReadCommitAsync(latest.Version + 1, cancel) is { } winner)
            {
                if (ConflictCheck.Against(latest.Version + 1, winner, commit.Intent, serializable) is { } conflict) return conflict;
                latest = loader.Advance(latest, winner);
            }

            var actions = commit.Build();
            if (await PutAsync(latest.Version + 1, actions, commit.TxnId, cancel))
            {
                var committed = cache.Offer(loader.Advance(latest, actions));
                return new CommitResult(CommitOutcome.Committed, latest.Version + 1, null);
            }
        }
    }

    private async ValueTask<bool> PutAsync(long version, IEnumerable<ILogAction> actions, string txnId, CancellationToken cancel)
    {
        return await log.PutCommitAsync(version, ActionWriter.Lines(actions), cancel);
    }

    private static string Isolation(bool serializable) => serializable ? "Serializable" : "WriteSerializable";
}

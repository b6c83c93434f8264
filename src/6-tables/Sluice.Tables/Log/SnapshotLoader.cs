namespace Sluice.Tables;

/// <summary>Reads snapshots from a table's log.</summary>
internal sealed class SnapshotLoader(TableName table, TableLog log, CheckpointReader checkpoints)
{
    /// <summary>Listings after one that makes no sense. A listing takes milliseconds, so that commits hardly meet the second, let alone the third.</summary>
    private const int ListingsMax = 3;

    /// <summary>The newest snapshot, or that of a version, from the listing; null when the table has no log, or not that version.</summary>
    public async ValueTask<(Snapshot? Snapshot, string Fault)> LoadAsync(long? version, CancellationToken cancel)
    {
        var hint = await log.ReadHintAsync(cancel) ?? 0;
        var from = hint <= (version ?? long.MaxValue) ? hint : 0;
        var segment = LogSegment.Find(await log.ListAsync(from, cancel), version, out var fault);
        // The hint may lie in every way, so what cannot be had with it is sought without it.
        if (segment is null or { CheckpointVersion: < 0 } && from > 0) segment = LogSegment.Find(await log.ListAsync(0, cancel), version, out fault);
        if (segment is null) (segment, fault) = await SettleAsync(version, fault, cancel);
        return segment is null ? (null, fault) : (await ReplayAsync(segment, cancel), "");
    }

    /// <summary>
    /// Lists the log again until two listings agree: one that is taken while commits land, or are cleaned up, may hold a commit and lack the
    /// one before.
    /// </summary>
    private async ValueTask<(LogSegment? Segment, string Fault)> SettleAsync(long? version, string fault, CancellationToken cancel)
    {
        for (var listing = 0; listing < ListingsMax; listing++)
        {
            var before = fault;
            if (LogSegment.Find(await log.ListAsync(0, cancel), version, out fault) is { } segment) return (segment, "");
            if (fault == before) break;
        }

        return (null, fault);
    }

    /// <summary>The snapshot one version further, by commits alone; null when there is no newer one.</summary>
    public async ValueTask<Snapshot?> AdvanceAsync(Snapshot known, CancellationToken cancel)
    {
        if (await log.ReadCommitAsync(known.Version + 1, cancel) is not { } actions) return null;
        var replay = new LogReplay(known.State);
        var version = known.Version;
        for (var next = actions; next is not null; next = await log.ReadCommitAsync(version + 1, cancel)) replay.ApplyCommit(++version, next);
        return Guard(() => new Snapshot(replay.Build(), known));
    }

    /// <summary>The snapshot after a commit whose actions are known.</summary>
    public Snapshot Advance(Snapshot known, IEnumerable<ILogAction> actions)
    {
        var replay = new LogReplay(known.State);
        replay.ApplyCommit(known.Version + 1, actions);
        return Guard(() => new Snapshot(replay.Build(), known));
    }

    private async ValueTask<Snapshot> ReplayAsync(LogSegment segment, CancellationToken cancel)
    {
        var replay = new LogReplay(TableState.Empty);
        if (segment.Checkpoint.Count > 0) await checkpoints.ReadAsync(segment, replay, cancel);
        var compacted = segment.CheckpointVersion;
        var compactions = segment.Compactions.ToDictionary(c => c.Version);
        foreach (var version in segment.Commits)
        {
            if (version <= compacted) continue;
            if (compactions.TryGetValue(version, out var compaction))
            {
                var reconciled = await log.ReadJsonAsync(compaction.Name, cancel);
                Guard(() => replay.ApplyCompaction(compaction, reconciled));
                compacted = compaction.LastVersion;
                continue;
            }

            var actions = await log.ReadCommitAsync(version, cancel)
                ?? throw new TableFormatException(table, $"{LogFile.CommitName(version)} vanished while the log was read: was it cleaned up meanwhile?");
            Guard(() => replay.ApplyCommit(version, actions));
        }

        return Guard(() => new Snapshot(replay.Build()));
    }

    private void Guard(Action work) => Guard(() =>
    {
        work();
        return 0;
    });

    private T Guard<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (LogFormatException e)
        {
            throw new TableFormatException(table, e.Message, e);
        }
    }
}

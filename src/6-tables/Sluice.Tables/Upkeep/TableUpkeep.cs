using System.Globalization;
using Sluice.Objects;

namespace Sluice.Tables;

/// <summary>A commit in the log's listing.</summary>
internal readonly record struct ListedCommit(long Version, DateTimeOffset Written);

/// <summary>What keeps a table tidy, and takes it back.</summary>
internal sealed class TableUpkeep(TableCatalog catalog, TableName table, TableLog log, TableCommitter committer)
{
    private const string LogFolder = "_delta_log/";

    /// <summary>The retained commits, oldest first.</summary>
    public async ValueTask<IReadOnlyList<ListedCommit>> CommitsAsync(CancellationToken cancel)
    {
        var commits = new List<ListedCommit>();
        await foreach (var item in catalog.Objects.ListAsync(log.Prefix, null, cancel))
        {
            if (LogFile.Parse(item.Key.Value[log.Prefix.Length..]) is { Kind: LogFileKind.Commit } file) commits.Add(new ListedCommit(file.Version, item.LastModified));
        }

        return commits;
    }

    /// <summary>When a commit was made; the end of time when it is gone by now.</summary>
    public async ValueTask<DateTimeOffset> TimeAsync(ListedCommit commit, CancellationToken cancel) =>
        await log.ReadCommitAsync(commit.Version, cancel) is { } actions ? Time(commit, actions) : DateTimeOffset.MaxValue;

    private static DateTimeOffset Time(ListedCommit commit, List<ILogAction> actions)
    {
        var info = actions.OfType<CommitInfo>().FirstOrDefault();
        return (info?.InCommitTimestamp ?? info?.Timestamp) is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : commit.Written;
    }

    public async Task<RestoreResult> RestoreAsync(Snapshot basis, Snapshot target, CancellationToken cancel)
    {
        var adds = target.State.Files.Where(file => !basis.State.Files.TryGet(FileKey.Of(file), out _)).ToList();
        var removes = basis.State.Files.Where(file => !target.State.Files.TryGet(FileKey.Of(file), out _)).ToList();
        var metadata = Metadata(basis, target);
        if (adds.Count == 0 && removes.Count == 0 && metadata is null) return new RestoreResult(null, 0, 0);
        foreach (var add in adds)
        {
            if (await MissingAsync(add, cancel) is { } path) throw new TableVersionException(table, target.Version, $"its file {path} is deleted; restore a later version");
        }

        var change = new Change("RESTORE", new Dictionary<string, string> { ["version"] = target.Version.ToString(CultureInfo.InvariantCulture) }, adds, Overwrite: false, [])
        {
            ReadsTable = true,
            Removes = removes,
            Metadata = metadata,
        };
        var commit = await committer.CommitAsync(basis, change, cancel);
        if (commit.Outcome == CommitOutcome.Committed) await RequireStillAsync(adds, target, basis, cancel);
        return new RestoreResult(commit, adds.Count, removes.Count);
    }

    /// <summary>A vacuum that read the log before the restore may delete a file between the look at it and the commit: nothing locks a table.</summary>
    private async Task RequireStillAsync(List<AddFile> adds, Snapshot target, Snapshot basis, CancellationToken cancel)
    {
        foreach (var add in adds)
        {
            if (await MissingAsync(add, cancel) is not { } path) continue;
            var reason = $"its file {path} was deleted while it was restored; restore version {basis.Version}, which the table had before";
            throw new TableVersionException(table, target.Version, reason);
        }
    }

    /// <param name="newest">Reads the log again: what was committed while files were listed is in use.</param>
    public async Task<VacuumResult> VacuumAsync(
        Snapshot snapshot, VacuumOptions options, Func<CancellationToken, ValueTask<Snapshot>> newest, CancellationToken cancel)
    {
        var keep = catalog.Options.RetentionOf(snapshot.Metadata);
        var retention = options.Retention ?? keep;
        if (retention < keep && !options.Force)
            throw new TableUnsupportedException(table, $"a retention of {retention} is shorter than its own of {keep}: force it when no reader or writer can take that long");
        var eldest = CheckpointActions.EldestKept(retention, catalog.Time);
        var needed = Needed(snapshot.State, eldest);
        if (retention > keep) await AddRemovedAsync(needed, snapshot, retention, eldest, cancel);
        var files = new List<(string Path, long Bytes)>();
        await foreach (var item in catalog.Objects.ListAsync(log.Root, null, cancel))
        {
            var path = item.Key.Value[log.Root.Length..];
            if (Ignored(path) || needed.Contains(path) || item.LastModified.ToUnixTimeMilliseconds() > eldest) continue;
            files.Add((path, item.Size));
        }

        // A restore may have taken files back that are as old as these.
        if (await newest(cancel) is var latest && latest.Version > snapshot.Version)
        {
            needed = Needed(latest.State, eldest);
            files.RemoveAll(file => needed.Contains(file.Path));
        }

        // Nothing is deleted while the listing goes on: it need not be one that sees its own deletions.
        if (!options.DryRun)
        {
            foreach (var (path, _) in files) await catalog.Objects.DeleteAsync(new ObjectKey(log.Root + path), cancel);
        }

        return new VacuumResult([.. files.Select(file => file.Path)], files.Sum(file => file.Bytes));
    }

    /// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#metadata-cleanup</remarks>
    public async Task<int> CleanLogAsync(Snapshot snapshot, CancellationToken cancel)
    {
        if (snapshot.Metadata.Configuration.GetValueOrDefault("delta.enableExpiredLogCleanup") is { } on && !on.Equals("true", StringComparison.OrdinalIgnoreCase)) return 0;
        var retention = catalog.Options.LogRetentionOf(snapshot.Metadata);
        var now = catalog.Time.GetUtcNow();
        if (retention >= now - DateTimeOffset.UnixEpoch) return 0;
        var cutoff = new DateTimeOffset((now - retention).UtcDateTime.Date, TimeSpan.Zero);
        var names = new List<(string Name, DateTimeOffset Written)>();
        await foreach (var item in catalog.Objects.ListAsync(log.Prefix, null, cancel)) names.Add((item.Key.Value[log.Prefix.Length..], item.LastModified));
        if (await KeptCheckpointAsync(names, cutoff, cancel) is not { } kept) return 0;
        var expired = names.Where(file => !file.Name.Contains('/') && Version(file.Name) is { } version && version < kept).Select(file => file.Name)
            .Concat(await LooseSidecarsAsync(names, kept, now, cancel)).ToList();
        // Oldest first, so that what a failure leaves behind is a log without a gap.
        foreach (var name in expired) await catalog.Objects.DeleteAsync(log.Key(name), cancel);
        return expired.Count;
    }

    /// <summary>The newest complete checkpoint whose commit is as old as the cutoff.</summary>
    private async ValueTask<long?> KeptCheckpointAsync(List<(string Name, DateTimeOffset Written)> names, DateTimeOffset cutoff, CancellationToken cancel)
    {
        var commits = names.Where(n => LogFile.Parse(n.Name) is { Kind: LogFileKind.Commit }).ToDictionary(n => LogFile.Parse(n.Name)!.Value.Version, n => n.Written);
        var versions = names.Select(n => LogFile.Parse(n.Name)).OfType<LogFile>().Where(f => f.Kind is not LogFileKind.Commit and not LogFileKind.Compaction)
            .Select(f => f.Version).Distinct().OrderDescending().ToList();
        foreach (var version in versions)
        {
            if (!commits.TryGetValue(version, out var written) || await TimeAsync(new ListedCommit(version, written), cancel) > cutoff) continue;
            if (LogSegment.Find(names.Select(n => n.Name), version, out _) is { } segment && segment.CheckpointVersion == version) return version;
        }

        return null;
    }

    /// <summary>Sidecars that no kept checkpoint names and that are too old for one in the making.</summary>
    private async ValueTask<IReadOnlyList<string>> LooseSidecarsAsync(
        List<(string Name, DateTimeOffset Written)> names, long kept, DateTimeOffset now, CancellationToken cancel)
    {
        var sidecars = names.Where(n => n.Name.StartsWith("_sidecars/", StringComparison.Ordinal) && now - n.Written > TimeSpan.FromDays(1)).Select(n => n.Name).ToList();
        if (sidecars.Count == 0) return [];
        var reader = new CheckpointReader(table, log, catalog.Objects, catalog.DuckDb);
        var named = new HashSet<string>(StringComparer.Ordinal);
        // A checkpoint with a classic name may follow the V2 specification too, and then it has sidecars.
        var checkpoints = names.Select(n => LogFile.Parse(n.Name)).OfType<LogFile>()
            .Where(f => f.Kind is LogFileKind.UuidCheckpoint or LogFileKind.ClassicCheckpoint && f.Version >= kept);
        foreach (var file in checkpoints)
            named.UnionWith((await reader.SidecarsAsync(file.Name, cancel)).Select(name => $"_sidecars/{name}"));
        return [.. sidecars.Where(name => !named.Contains(name))];
    }

    /// <summary>The version at the beginning of any of the log's file names.</summary>
    private static long? Version(string name) =>
        name.Length > 20 && name[20] == '.' && long.TryParse(name.AsSpan(0, 20), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;

    /// <summary>
    /// Adds what was removed within a retention that is longer than the table's own: checkpoints name removed files for as long as the table
    /// keeps them and no longer, so the commits tell.
    /// </summary>
    private async ValueTask AddRemovedAsync(PathsInUse needed, Snapshot snapshot, TimeSpan retention, long eldest, CancellationToken cancel)
    {
        if (retention > catalog.Options.LogRetentionOf(snapshot.Metadata)) throw TooLong("the log is kept for less, and only it tells what was removed");
        var commits = await CommitsAsync(cancel);
        for (var i = commits.Count - 1; i >= 0; i--)
        {
            if (await log.ReadCommitAsync(commits[i].Version, cancel) is not { } actions) continue;
            if (Time(commits[i], actions).ToUnixTimeMilliseconds() <= eldest) return;
            foreach (var remove in actions.OfType<RemoveFile>()) needed.Add(remove.Path, remove.DeletionVector);
        }

        if (commits.Count == 0 || commits[0].Version > 0) throw TooLong("its log does not go back that far");

        TableUnsupportedException TooLong(string reason) =>
            new(table, $"a retention of {retention} cannot be kept, since {reason}: set the property {TablesOptions.RetentionKey} to keep removed files longer");
    }

    /// <summary>Paths that a version within the retention reads.</summary>
    private static PathsInUse Needed(TableState state, long eldest)
    {
        var needed = new PathsInUse();
        foreach (var file in state.Files) needed.Add(file.Path, file.DeletionVector);
        foreach (var file in state.Tombstones)
        {
            if (file.DeletionTimestamp is null || file.DeletionTimestamp > eldest) needed.Add(file.Path, file.DeletionVector);
        }

        return needed;
    }

    /// <summary>What begins with an underscore or a dot, at any depth, is not the table's, except for the change feed and partitions of such names.</summary>
    private static bool Ignored(string path)
    {
        var own = path.StartsWith(ChangeFeed.Folder + "/", StringComparison.Ordinal) ? path[(ChangeFeed.Folder.Length + 1)..] : path;
        return path.StartsWith(LogFolder, StringComparison.Ordinal) || own.Split('/').Any(part => (part.StartsWith('_') || part.StartsWith('.')) && !part.Contains('='));
    }

    /// <summary>The path of a file, or of its deletion vector, that is not there; null when both are.</summary>
    private async ValueTask<string?> MissingAsync(AddFile add, CancellationToken cancel)
    {
        var path = DataPath.Canonical(add.Path);
        if (!await IsThereAsync(path)) return path;
        if (add.DeletionVector is not { } vector || DeletionVectorFormat.IsInline(vector)) return null;
        path = DeletionVectorFormat.FilePath(vector);
        return await IsThereAsync(path) ? null : path;

        async ValueTask<bool> IsThereAsync(string file) =>
            DataPath.IsAbsolute(file) ? File.Exists(file) : await catalog.Objects.HeadAsync(new ObjectKey(log.Root + file), cancel) is not null;
    }

    /// <summary>
    /// The metadata to go back to; null when it is the same. Column ids are never given out twice, so the highest one stays; and commits
    /// carry their times, or do not, as they did last.
    /// </summary>
    private static TableMetadata? Metadata(Snapshot basis, Snapshot target)
    {
        var configuration = new Dictionary<string, string>(target.Metadata.Configuration);
        foreach (var key in InCommitTimestamps.Keys) configuration.Remove(key);
        foreach (var key in InCommitTimestamps.Keys.Append(ColumnMapping.MaxIdKey))
        {
            if (basis.Metadata.Configuration.TryGetValue(key, out var stays)) configuration[key] = stays;
        }

        var same = basis.Metadata.SchemaString == target.Metadata.SchemaString
            && basis.Metadata.PartitionColumns.SequenceEqual(target.Metadata.PartitionColumns)
            && basis.Metadata.Configuration.Count == configuration.Count
            && basis.Metadata.Configuration.All(p => configuration.GetValueOrDefault(p.Key) == p.Value);
        return same ? null : target.Metadata with { Configuration = configuration };
    }
}

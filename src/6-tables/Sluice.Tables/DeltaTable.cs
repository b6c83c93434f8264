using DuckDB.NET.Data;
using Sluice.Objects;

namespace Sluice.Tables;

/// <summary>A Delta Lake table in an object store. Safe for many threads and many processes.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md</remarks>
public sealed partial class DeltaTable
{
    private readonly TableCatalog _catalog;
    private readonly TableLog _log;
    private readonly SnapshotLoader _loader;
    private readonly TableCommitter _committer;
    private readonly DataFileWriter _writer;
    private readonly RelationReader _relations;
    private readonly SnapshotCache _cache;
    private readonly CompactionCommit _compaction;
    private readonly RowEdits _edits;
    private readonly TableUpkeep _upkeep;
    private readonly ChangeReader _changes;
    private readonly CheckpointWriter _checkpoints;
    private readonly EditPlans _plans;

    // Files that were removed up to then are deleted; a second deletion does no harm.
    private long _deletedUpTo = -1;

    internal DeltaTable(TableCatalog catalog, TableName name)
    {
        Name = name;
        _catalog = catalog;
        _log = new TableLog(catalog.Objects, name);
        _loader = new SnapshotLoader(name, _log, new CheckpointReader(name, _log, catalog.Objects, catalog.DuckDb));
        _cache = new SnapshotCache(name, _loader, catalog.Time, catalog.Options);
        _checkpoints = new CheckpointWriter(catalog, name, _log);
        _committer = new TableCommitter(catalog, name, _log, _loader, _cache, _checkpoints, new ChecksumWriter(catalog, name, _log));
        _writer = new DataFileWriter(catalog, name, _log);
        _relations = new RelationReader(catalog.Objects, name, _log);
        _compaction = new CompactionCommit(name, _relations, _writer, _committer);
        _upkeep = new TableUpkeep(catalog, name, _log, _committer);
        _changes = new ChangeReader(name, _log, _loader, _relations);
        _edits = new RowEdits(catalog, name, _log, _relations, _writer, _committer);
        _plans = new EditPlans(name, _edits);
    }

    public TableName Name { get; }

    internal TableCatalog Catalog => _catalog;

    /// <summary>The newest version.</summary>
    /// <exception cref="TableFormatException">The log breaks the protocol or parts of it are missing.</exception>
    /// <exception cref="TableUnsupportedException">The table asks readers for a feature that Sluice does not have.</exception>
    public ValueTask<Snapshot> SnapshotAsync(CancellationToken cancel) => _cache.NewestAsync(cancel);

    /// <summary>The table as it was at a version.</summary>
    /// <exception cref="TableVersionException">The log does not hold that version (any more).</exception>
    public async ValueTask<Snapshot> SnapshotAsync(long version, CancellationToken cancel)
    {
        if (_cache.Last is { } last && last.Version == version) return last;
        var (snapshot, fault) = await _loader.LoadAsync(version, cancel);
        return snapshot is null ? throw new TableVersionException(Name, version, fault) : _cache.Readable(snapshot);
    }

    /// <summary>The retained commits, newest first.</summary>
    public async ValueTask<IReadOnlyList<Commit>> HistoryAsync(CancellationToken cancel)
    {
        var commits = new List<Commit>();
        await foreach (var item in _catalog.Objects.ListAsync(_log.Prefix, null, cancel))
        {
            var name = item.Key.Value[_log.Prefix.Length..];
            if (LogFile.Parse(name) is not { Kind: LogFileKind.Commit } file) continue;
            if (await _log.ReadCommitAsync(file.Version, cancel) is not { } actions) continue;
            var info = actions.OfType<CommitInfo>().FirstOrDefault() ?? new CommitInfo();
            var time = info.InCommitTimestamp ?? info.Timestamp ?? item.LastModified.ToUnixTimeMilliseconds();
            commits.Add(new Commit(
                file.Version, DateTimeOffset.FromUnixTimeMilliseconds(time), info.Operation, info.OperationParameters, info.OperationMetrics));
        }

        commits.Reverse();
        return commits;
    }

    /// <summary>
    /// Runs a select in DuckDB and stores its rows as Parquet files with Delta stats; no file for no rows, several when they exceed
    /// <see cref="TablesOptions.DataFileBytesMax"/>. The files belong to the table only once a <see cref="CommitAsync"/> adds them.
    /// The select's columns must match the table's schema by name and order, and by type except that integers and floats are widened.
    /// </summary>
    /// <exception cref="TableSchemaException">They do not match, or a column that is not nullable holds nulls.</exception>
    public async Task<IReadOnlyList<AddFile>> WriteFilesAsync(DuckDBConnection connection, string select, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var snapshot = _cache.Last ?? await SnapshotAsync(cancel);
        _committer.CheckWritable(snapshot);
        return await _writer.WriteAsync(snapshot, connection, select, cancel);
    }

    /// <summary>
    /// Commits a change prepared on <paramref name="basis"/> as the next version; when others committed meanwhile and the change does
    /// not conflict with theirs, it is rebased and tried again.
    /// </summary>
    /// <exception cref="TableVersionException">The basis is so old that commits since are cleaned up.</exception>
    /// <exception cref="IOException">The store failed, and whether the commit took place could not be found out: read the table's positions, then repeat.</exception>
    public ValueTask<CommitResult> CommitAsync(Snapshot basis, Change change, CancellationToken cancel) =>
        _committer.CommitAsync(basis, change, cancel);

    /// <summary>
    /// A DuckDB table expression over the snapshot's rows, e.g. <c>read_parquet([...])</c>, for use after FROM; with the
    /// schema's columns and types also when the table has no file.
    /// </summary>
    /// <exception cref="TableFormatException">A data file is missing.</exception>
    public Task<string> RelationAsync(Snapshot snapshot, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return _relations.SqlAsync(snapshot, snapshot.Files, cancel);
    }

    /// <summary>As <see cref="RelationAsync(Snapshot, CancellationToken)"/>, over some of the snapshot's files.</summary>
    /// <exception cref="TableFormatException">A data file is missing.</exception>
    public Task<string> RelationAsync(Snapshot snapshot, IReadOnlyCollection<AddFile> files, CancellationToken cancel) =>
        _relations.SqlAsync(snapshot, files, cancel);

    /// <summary>
    /// The live files that may hold rows for which a predicate (DuckDB's SQL over the table's columns) is true, by their statistics and
    /// partition values, for <see cref="RelationAsync(Snapshot, IReadOnlyCollection{AddFile}, CancellationToken)"/>. Others hold no such row.
    /// </summary>
    public async Task<IReadOnlyList<AddFile>> FilesMatchingAsync(Snapshot snapshot, string predicate, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return (await ReadSetAsync(snapshot, predicate, cancel)).Files;
    }

    /// <summary>
    /// Merges small files, if a tier of them is due: one merge, so call it until it returns null. Readers are not held up, the files
    /// that were merged stay until they are vacuumed. Appends and compactions never fail because of each other; when another writer
    /// removed one of the files meanwhile, nothing is changed (<see cref="CommitOutcome.DeleteConflict"/>).
    /// </summary>
    /// <param name="connection">Reads and writes the rows; best of an instance with one thread, since nobody waits for it.</param>
    /// <exception cref="TableUnsupportedException">The table asks writers for a feature that Sluice does not have.</exception>
    public async Task<Compaction?> CompactAsync(DuckDBConnection connection, CompactionOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(options);
        return await _compaction.RunAsync(await SnapshotAsync(cancel), connection, options, cancel);
    }

    /// <summary>
    /// Deletes the data files that commits removed longer ago than the table's retention (<c>delta.deletedFileRetentionDuration</c>), as far
    /// as the newest snapshot still names them; the number of files it asked to be deleted. A reader of a version that old, and time
    /// travel to it, end here. What a crash or another writer left unnamed stays for a vacuum.
    /// </summary>
    public async Task<int> DeleteExpiredAsync(CancellationToken cancel)
    {
        var snapshot = await SnapshotAsync(cancel);
        var upTo = CheckpointActions.EldestKept(_catalog.Options.RetentionOf(snapshot.Metadata), _catalog.Time);
        var expired = snapshot.State.Tombstones.Where(remove => remove.DeletionTimestamp > _deletedUpTo && remove.DeletionTimestamp <= upTo).ToList();
        // A path may be live again, or still: with other deleted rows, or restored.
        var live = new PathsInUse();
        foreach (var file in expired.Count == 0 ? [] : snapshot.Files) live.Add(file.Path, vector: null);
        foreach (var path in expired.Select(remove => DataPath.Canonical(remove.Path)).Where(path => !DataPath.IsAbsolute(path) && !live.Contains(path)))
            await _catalog.Objects.DeleteAsync(new ObjectKey(_log.Root + path), cancel);
        _deletedUpTo = upTo;
        return expired.Count;
    }

    /// <summary>Writes version 0, unless the table exists by then.</summary>
    internal ValueTask CreateAsync(TableStart start, CancellationToken cancel) => _committer.CreateAsync(start, cancel);
}

/// <summary>One line of a table's history.</summary>
public sealed record Commit(
    long Version, DateTimeOffset Time, string Operation, IReadOnlyDictionary<string, string> Parameters,
    IReadOnlyDictionary<string, string> Metrics);

/// <summary>A version that a table does not have, or no longer has.</summary>
public sealed class TableVersionException : Exception
{
    public TableVersionException(TableName table, long version, string reason)
        : base($"Table {table} has no version {version}: {reason}")
    {
    }

    public TableVersionException(TableName table, DateTimeOffset time, string reason)
        : base($"Table {table} has no version of {time:yyyy-MM-dd'T'HH:mm:ss.fffzzz}: {reason}")
    {
    }
}

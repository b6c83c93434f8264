using DuckDB.NET.Data;

namespace Sluice.Tables;

/// <summary>Time travel and maintenance.</summary>
public sealed partial class DeltaTable
{
    /// <summary>
    /// The table as it was at a time: the newest version that was committed then or before, by the in-commit timestamps where the table
    /// keeps them, else by the writers' clocks, as the history shows them.
    /// </summary>
    /// <exception cref="TableVersionException">The log does not go back that far (any more).</exception>
    public async ValueTask<Snapshot> SnapshotAsync(DateTimeOffset time, CancellationToken cancel)
    {
        var commits = await _upkeep.CommitsAsync(cancel);
        for (var i = commits.Count - 1; i >= 0; i--)
        {
            if (await _upkeep.TimeAsync(commits[i], cancel) <= time) return await SnapshotAsync(commits[i].Version, cancel);
        }

        throw new TableVersionException(Name, time, "the oldest commit that its log holds is younger");
    }

    /// <summary>
    /// Makes the table what it was at a version, in a new commit: rows, columns and properties; positions of readers stay, and the protocol
    /// is not lowered.
    /// </summary>
    /// <exception cref="TableVersionException">
    /// The log does not hold that version, or a data file of it is deleted: before, or by a vacuum of another process meanwhile. Then the message
    /// names the version to go back to.
    /// </exception>
    public async Task<RestoreResult> RestoreAsync(long version, CancellationToken cancel)
    {
        var basis = await SnapshotAsync(cancel);
        _committer.CheckWritable(basis);
        var target = version == basis.Version ? basis : await SnapshotAsync(version, cancel);
        return await _upkeep.RestoreAsync(basis, target, cancel);
    }

    /// <summary>
    /// Deletes files under the table that no version within the retention needs, and that are themselves as old: what commits removed, and
    /// what writers that never committed left. Time travel further back than that ends here.
    /// </summary>
    /// <exception cref="TableUnsupportedException">
    /// The retention asked for is shorter than the table's, and not forced; or longer than the log's, which alone tells what was removed.
    /// </exception>
    public async Task<VacuumResult> VacuumAsync(VacuumOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(options);
        var snapshot = await SnapshotAsync(cancel);
        _committer.CheckWritable(snapshot);
        return await _upkeep.VacuumAsync(snapshot, options, SnapshotAsync, cancel);
    }

    /// <summary>
    /// Deletes commits and checkpoints that are older than the log's retention (<c>delta.logRetentionDuration</c>) and that no later version
    /// needs; the number of files. Without a checkpoint that old nothing is deleted, nor where <c>delta.enableExpiredLogCleanup</c> is off.
    /// </summary>
    public async Task<int> CleanLogAsync(CancellationToken cancel) => await _upkeep.CleanLogAsync(await SnapshotAsync(cancel), cancel);

    /// <summary>Writes a checkpoint of the newest version, due or not; false when that version has one, or is the first.</summary>
    public async Task<bool> CheckpointAsync(CancellationToken cancel)
    {
        var snapshot = await SnapshotAsync(cancel);
        if (snapshot.Version == 0) return false;
        var names = await _log.ListAsync(snapshot.Version, cancel);
        if (LogSegment.Find(names, snapshot.Version, out _)?.CheckpointVersion == snapshot.Version) return false;
        await _checkpoints.WriteAsync(snapshot, cancel);
        return true;
    }

    /// <summary>
    /// Writes files of the table anew, whole partitions at a time. With columns to order by, all of them: rows lie along a Z-curve, so that a
    /// filter on any of the columns needs few files. Without, only where that helps: the small files of a partition are packed together, and
    /// rows that deletion vectors hide are left out. One commit, which changes no row.
    /// </summary>
    /// <returns>Null when there is nothing to write.</returns>
    /// <exception cref="TableSchemaException">A column is not the table's, or it is partitioned by it.</exception>
    public async Task<Compaction?> OptimizeAsync(DuckDBConnection connection, OptimizeOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(options);
        var basis = await SnapshotAsync(cancel);
        var files = options.Predicate is null ? [.. basis.Files] : (await ReadSetAsync(basis, options.Predicate, cancel)).Files;
        return await _compaction.OrderAsync(basis, files, connection, options, cancel);
    }

    /// <summary>
    /// The rows that commits changed, as a DuckDB table expression: the table's columns, <c>_change_type</c> (<c>insert</c>, <c>delete</c>,
    /// <c>update_preimage</c>, <c>update_postimage</c>), <c>_commit_version</c> and <c>_commit_timestamp</c>. All rows have the columns of the last version.
    /// </summary>
    /// <exception cref="TableUnsupportedException">The table kept no change feed at one of the versions (<c>delta.enableChangeDataFeed</c>).</exception>
    /// <exception cref="TableVersionException">The log does not hold one of the versions (any more).</exception>
    public async Task<string> ChangesAsync(long from, long to, CancellationToken cancel) => await _changes.SqlAsync(await SnapshotAsync(to, cancel), from, cancel);
}

/// <summary>What a restore did.</summary>
public sealed record RestoreResult(CommitResult? Commit, int FilesRestored, int FilesRemoved);

/// <summary>What a vacuum may delete.</summary>
public sealed record VacuumOptions
{
    /// <summary>
    /// How long ago a file must be out of use; null for the table's <c>delta.deletedFileRetentionDuration</c>, a week by default. A longer one
    /// binds this vacuum alone: <see cref="DeltaTable.DeleteExpiredAsync"/> and other engines go by the table's property.
    /// </summary>
    public TimeSpan? Retention { get; init; }

    /// <summary>Whether the retention may be shorter than the table's: writers and readers that take longer lose their files.</summary>
    public bool Force { get; init; }

    /// <summary>Whether nothing is deleted, only listed.</summary>
    public bool DryRun { get; init; }
}

/// <summary>What a vacuum deleted, or would.</summary>
/// <param name="Files">Paths relative to the table, in order.</param>
public sealed record VacuumResult(IReadOnlyList<string> Files, long Bytes);

/// <summary>How an optimize orders rows.</summary>
public sealed record OptimizeOptions
{
    /// <summary>One to four columns; none keeps the order that rows have, and the files that are large enough.</summary>
    public IReadOnlyList<string> ZOrderBy { get; init; } = [];

    /// <summary>Only files that may hold rows for which this is true; null for all.</summary>
    public string? Predicate { get; init; }

    /// <summary>
    /// Whether files are left alone that an earlier optimize has put into this order. What came since is ordered by itself, so that the cost
    /// is that of the new rows; a filter then needs a few files of each such part.
    /// </summary>
    public bool OnlyUnordered { get; init; }

    /// <summary>Where a file is closed; null for the catalog's <see cref="TablesOptions.DataFileBytesMax"/>.</summary>
    public long? FileBytesMax { get; init; }
}

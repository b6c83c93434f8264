using DuckDB.NET.Data;

namespace Sluice.Tables;

/// <summary>A Delta Lake table in an object store.</summary>
public sealed class DeltaTable
{
    private DeltaTable(TableName name) => Name = name;

    public TableName Name { get; }

    /// <summary>The newest version.</summary>
    public ValueTask<Snapshot> SnapshotAsync(CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>The table as it was at a version.</summary>
    /// <exception cref="TableVersionException">The log does not hold that version (any more).</exception>
    public ValueTask<Snapshot> SnapshotAsync(long version, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>The retained commits, newest first.</summary>
    public ValueTask<IReadOnlyList<Commit>> HistoryAsync(CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>
    /// Runs a select in DuckDB and stores its rows as Parquet files with Delta stats; no file for no rows. The files belong to
    /// the table only once a <see cref="CommitAsync"/> adds them. The select's columns must match the table's schema by name and order.
    /// </summary>
    public Task<IReadOnlyList<AddFile>> WriteFilesAsync(DuckDBConnection connection, string select, CancellationToken cancel) =>
        throw new NotImplementedException();

    /// <summary>
    /// Commits a change prepared on <paramref name="basis"/> as the next version; when others committed meanwhile and the change does
    /// not conflict with theirs, it is rebased and tried again.
    /// </summary>
    public ValueTask<CommitResult> CommitAsync(Snapshot basis, Change change, CancellationToken cancel) =>
        throw new NotImplementedException();

    /// <summary>
    /// A DuckDB table expression over the snapshot's rows, e.g. <c>read_parquet([...])</c>, for use after FROM; with the
    /// schema's columns and types also when the table has no file.
    /// </summary>
    public Task<string> RelationAsync(Snapshot snapshot, CancellationToken cancel) => throw new NotImplementedException();
}

/// <summary>What a commit does: operation and parameters for the history, files in and out, positions reached.</summary>
/// <param name="Operation">As other engines write it: WRITE, CREATE TABLE, DELETE, ...</param>
/// <param name="Adds">Files that <see cref="DeltaTable.WriteFilesAsync"/> stored.</param>
/// <param name="Overwrite">Whether all files of the basis are removed in the same commit.</param>
/// <param name="Transactions">
/// Positions reached, by application id (<c>txn</c> actions). A commit whose basis no longer holds the newest value of one of these
/// ids is <see cref="CommitOutcome.TransactionConflict"/>: another writer moved that position.
/// </param>
public sealed record Change(
    string Operation,
    IReadOnlyDictionary<string, string> Parameters,
    IReadOnlyList<AddFile> Adds,
    bool Overwrite,
    IReadOnlyList<SetTransaction> Transactions);

/// <summary>A <c>txn</c> action.</summary>
public sealed record SetTransaction(string AppId, long Version);

/// <summary>How a commit ended; <paramref name="Version"/> is the version written, or -1.</summary>
public readonly record struct CommitResult(CommitOutcome Outcome, long Version, string? Reason);

public enum CommitOutcome
{
    Committed,
    TransactionConflict,
    MetadataConflict,
    ProtocolConflict,
    DeleteConflict,
}

/// <summary>One line of a table's history.</summary>
public sealed record Commit(
    long Version, DateTimeOffset Time, string Operation, IReadOnlyDictionary<string, string> Parameters,
    IReadOnlyDictionary<string, string> Metrics);

public sealed class TableVersionException(TableName table, long version, string reason)
    : Exception($"Table {table} has no version {version}: {reason}");

namespace Sluice.Tables;

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
    IReadOnlyList<SetTransaction> Transactions)
{
    /// <summary>
    /// Whether the added rows were chosen by looking at the table's rows (e.g. leaving out keys that it holds). Others' changes to
    /// these rows then conflict, and the history says that the append was not blind.
    /// </summary>
    public bool ReadsTable { get; init; }

    /// <summary>Files of the basis that the commit removes, beside those that an overwrite does.</summary>
    public IReadOnlyList<AddFile> Removes { get; init; } = [];

    /// <summary>False when the commit only moves rows from the removed files into the added ones: then it conflicts with nobody who reads or adds.</summary>
    public bool DataChange { get; init; } = true;

    /// <summary>Narrows <see cref="ReadsTable"/>: whether a file may hold rows that were looked at; null when all of them were.</summary>
    internal Func<AddFile, bool>? MayRead { get; init; }

    internal TableMetadata? Metadata { get; init; }

    internal TableProtocol? Protocol { get; init; }

    internal IReadOnlyList<ChangeFile> ChangeFiles { get; init; } = [];

    /// <summary>Counts for the history, beside those of files and bytes.</summary>
    internal IReadOnlyDictionary<string, long> Metrics { get; init; } = new Dictionary<string, long>();
}

/// <summary>A <c>txn</c> action.</summary>
public sealed record SetTransaction(string AppId, long Version) : ILogAction
{
    /// <summary>Milliseconds since 1970-01-01 UTC.</summary>
    internal long? LastUpdated { get; init; }
}

/// <summary>How a commit ended; <paramref name="Version"/> is the version written, or -1.</summary>
public readonly record struct CommitResult(CommitOutcome Outcome, long Version, string? Reason);

/// <summary>Ways a commit ends. After a conflict nothing was written: prepare the change again on a new snapshot.</summary>
public enum CommitOutcome
{
    Committed,

    /// <summary>Another writer moved the position of one of the change's application ids.</summary>
    TransactionConflict,

    /// <summary>Another writer changed the schema or the configuration.</summary>
    MetadataConflict,

    /// <summary>Another writer changed the protocol.</summary>
    ProtocolConflict,

    /// <summary>Another writer removed a file that this change removes or has read.</summary>
    DeleteConflict,

    /// <summary>Another writer added rows that this change should have read.</summary>
    AppendConflict,
}

namespace Sluice.Tables;

/// <summary>What a commit in the making has read and will do, as far as others can be in its way.</summary>
/// <param name="ReadsTable">Whether it depends on the rows of its basis.</param>
/// <param name="Removes">Files it removes.</param>
/// <param name="AppIds">Application ids whose positions it moves.</param>
internal sealed record Intent(bool ReadsTable, IReadOnlySet<FileKey> Removes, IReadOnlySet<string> AppIds)
{
    /// <summary>Whether a file may hold rows that it depends on; null when every file may.</summary>
    public Func<AddFile, bool>? MayRead { get; init; }

    /// <summary>The live files of the basis, to know a removed file by.</summary>
    public LayeredMap<FileKey, AddFile>? Basis { get; init; }

    /// <summary>Whether it changes the metadata: rows that anybody adds then count, since the new rules hold for them too.</summary>
    public bool ChangesMetadata { get; init; }

    public bool Depends(AddFile file) => ReadsTable && MayRead?.Invoke(file) != false;

    /// <summary>A file that the basis does not hold was not read, unless everything was.</summary>
    public bool Depends(RemoveFile file) =>
        ReadsTable && (MayRead is null || (Basis is not null && Basis.TryGet(FileKey.Of(file), out var known) && MayRead(known)));
}

/// <summary>Whether a commit that another writer made first leaves ours valid.</summary>
/// <remarks>https://docs.delta.io/latest/concurrency-control.html; the rules are those of write-serializable and serializable isolation.</remarks>
internal static class ConflictCheck
{
    /// <summary>The conflict with a winning commit; null when ours can follow it unchanged.</summary>
    public static CommitResult? Against(long version, IReadOnlyCollection<ILogAction> winner, Intent intent, bool serializable)
    {
        if (winner.OfType<TableProtocol>().Any())
        {
            return new(CommitOutcome.ProtocolConflict, -1, $"version {version} changed the table's protocol");
        }

        if (winner.OfType<TableMetadata>().Any())
        {
            return new(CommitOutcome.MetadataConflict, -1, $"version {version} changed the table's metadata");
        }

        foreach (var transaction in winner.OfType<SetTransaction>())
        {
            if (intent.AppIds.Contains(transaction.AppId))
            {
                return new(CommitOutcome.TransactionConflict, -1, $"version {version} moved the position of '{transaction.AppId}' to {transaction.Version}");
            }
        }

        foreach (var remove in winner.OfType<RemoveFile>())
        {
            if (intent.Removes.Contains(FileKey.Of(remove))) return new(CommitOutcome.DeleteConflict, -1, $"version {version} also removed {remove.Path}");
            if (remove.DataChange && intent.Depends(remove)) return new(CommitOutcome.DeleteConflict, -1, $"version {version} removed {remove.Path}, which was read");
        }

        if (!serializable && !intent.ChangesMetadata && IsBlindAppend(winner)) return null;
        return winner.OfType<AddFile>().FirstOrDefault(add => add.DataChange && intent.Depends(add)) is { } added
            ? new(CommitOutcome.AppendConflict, -1, $"version {version} added {added.Path}, which was not read")
            : null;
    }

    private static bool IsBlindAppend(IReadOnlyCollection<ILogAction> winner) =>
        winner.OfType<CommitInfo>().FirstOrDefault()?.IsBlindAppend == true;
}

namespace Sluice.Tables;

/// <summary>What replaying a log up to a version leaves: the newest of everything, and the live files. Immutable.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#action-reconciliation</remarks>
internal sealed record TableState
{
    public static TableState Empty { get; } = new();

    /// <summary>-1 before the first commit.</summary>
    public long Version { get; init; } = -1;

    public TableProtocol? Protocol { get; init; }

    public TableMetadata? Metadata { get; init; }

    public LayeredMap<FileKey, AddFile> Files { get; init; } = LayeredMap<FileKey, AddFile>.Empty;

    /// <summary>Bytes of the live files, kept up action by action.</summary>
    public long FileBytes { get; init; }

    /// <summary>Removed files that have not been written again: readers of older versions still need them until they expire.</summary>
    public LayeredMap<FileKey, RemoveFile> Tombstones { get; init; } = LayeredMap<FileKey, RemoveFile>.Empty;

    public LayeredMap<string, SetTransaction> Transactions { get; init; } = LayeredMap<string, SetTransaction>.Empty;

    public LayeredMap<string, DomainMetadata> Domains { get; init; } = LayeredMap<string, DomainMetadata>.Empty;

    /// <summary>The <c>commitInfo</c> of the newest commit replayed; a checkpoint has none.</summary>
    public CommitInfo? LastCommit { get; init; }

    /// <summary>The state without the removes up to a time, in milliseconds since 1970: no reader asks for these files any more.</summary>
    public TableState WithoutTombstones(long upTo)
    {
        var expired = Tombstones.Where(remove => (remove.DeletionTimestamp ?? 0) <= upTo).ToList();
        if (expired.Count == 0) return this;
        var kept = Tombstones.ToBuilder();
        foreach (var remove in expired) kept.Remove(FileKey.Of(remove));
        return this with { Tombstones = kept.Build() };
    }
}

/// <summary>Replays actions, oldest first, on top of a state.</summary>
internal sealed class LogReplay
{
    private readonly LayeredMap<FileKey, AddFile>.Builder _files;
    private readonly LayeredMap<FileKey, RemoveFile>.Builder _tombstones;
    private readonly LayeredMap<string, SetTransaction>.Builder _transactions;
    private readonly LayeredMap<string, DomainMetadata>.Builder _domains;
    private long _version;
    private long _fileBytes;
    private TableProtocol? _protocol;
    private TableMetadata? _metadata;
    private CommitInfo? _lastCommit;

    public LogReplay(TableState from)
    {
        _files = from.Files.ToBuilder();
        _tombstones = from.Tombstones.ToBuilder();
        _transactions = from.Transactions.ToBuilder();
        _domains = from.Domains.ToBuilder();
        _version = from.Version;
        _fileBytes = from.FileBytes;
        _protocol = from.Protocol;
        _metadata = from.Metadata;
        _lastCommit = from.LastCommit;
    }

    /// <summary>Applies a commit, which must be the version after the last one.</summary>
    public void ApplyCommit(long version, IEnumerable<ILogAction> actions)
    {
        if (version != _version + 1) throw new LogFormatException($"version {version} follows {_version}: the versions between are missing");
        _version = version;
        _lastCommit = null;
        foreach (var action in actions) Apply(action);
    }

    /// <summary>Applies a compaction of several commits, the first of which must be the version after the last one.</summary>
    public void ApplyCompaction(LogFile compaction, IEnumerable<ILogAction> actions)
    {
        ApplyCommit(compaction.Version, actions);
        _version = compaction.LastVersion;
        _lastCommit = null;
    }

    /// <summary>Makes room for files, so that it need not grow by and by.</summary>
    public void Expect(int files) => _files.Expect(files);

    /// <summary>Applies (a part of) the checkpoint of a version; nothing but its other parts may have been applied before.</summary>
    public void ApplyCheckpoint(long version, IEnumerable<ILogAction> actions)
    {
        _version = version;
        foreach (var action in actions) Apply(action);
    }

    /// <exception cref="LogFormatException">The log holds no protocol or no metadata.</exception>
    public TableState Build()
    {
        if (_protocol is null) throw new LogFormatException($"no commit or checkpoint up to version {_version} holds a protocol action");
        if (_metadata is null) throw new LogFormatException($"no commit or checkpoint up to version {_version} holds a metaData action");
        return new TableState
        {
            Version = _version,
            Protocol = _protocol,
            Metadata = _metadata,
            Files = _files.Build(),
            FileBytes = _fileBytes,
            Tombstones = _tombstones.Build(),
            Transactions = _transactions.Build(),
            Domains = _domains.Build(),
            LastCommit = _lastCommit,
        };
    }

    private void Apply(ILogAction action)
    {
        switch (action)
        {
            case AddFile add:
                var added = FileKey.Of(add);
                _fileBytes += add.Size - (_files.TryGet(added, out var replaced) ? replaced.Size : 0);
                _files.Set(added, add);
                _tombstones.Remove(added);
                break;
            case RemoveFile remove:
                var removed = FileKey.Of(remove);
                _fileBytes -= _files.TryGet(removed, out var gone) ? gone.Size : 0;
                _files.Remove(removed);
                _tombstones.Set(removed, remove);
                break;
            case TableProtocol protocol: _protocol = protocol; break;
            case TableMetadata metadata: _metadata = metadata; break;
            case SetTransaction transaction: _transactions.Set(transaction.AppId, transaction); break;
            case DomainMetadata { Removed: true } domain: _domains.Remove(domain.Domain); break;
            case DomainMetadata domain: _domains.Set(domain.Domain, domain); break;
            case CommitInfo info: _lastCommit = info; break;
            default: break;
        }
    }
}

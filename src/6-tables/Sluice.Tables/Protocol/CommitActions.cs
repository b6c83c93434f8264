using System.Globalization;

namespace Sluice.Tables;

/// <summary>The actions of a commit that makes a change, and what it must not collide with.</summary>
internal sealed class CommitActions
{
    private readonly Snapshot _basis;
    private readonly Change _change;
    private readonly TimeProvider _time;
    private readonly TablesOptions _options;
    private readonly string _isolation;
    private readonly RemoveFile[] _removes;

    public CommitActions(Snapshot basis, Change change, TimeProvider time, TablesOptions options, string isolation)
    {
        _basis = basis;
        _change = change;
        _time = time;
        _options = options;
        _isolation = isolation;
        TxnId = $"{options.NewId():D}";
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        _removes = [.. (change.Overwrite ? basis.Files : change.Removes).Select(f => Remove(f, now, change.DataChange))];
        Intent = new Intent(
            change.Overwrite || change.ReadsTable,
            _removes.Select(FileKey.Of).ToHashSet(),
            change.Transactions.Select(t => t.AppId).ToHashSet(StringComparer.Ordinal))
        {
            MayRead = change.MayRead,
            Basis = basis.State.Files,
            ChangesMetadata = change.Metadata is not null,
        };
        if (Intent.AppIds.Count != change.Transactions.Count) throw new ArgumentException("A change names one application id twice.", nameof(change));
    }

    /// <summary>Tells this commit from all others: how an unknown outcome is settled.</summary>
    public string TxnId { get; }

    public Intent Intent { get; }

    /// <param name="version">The one that the commit shall be.</param>
    /// <param name="commitTime">The in-commit timestamp, in milliseconds since 1970, where the table keeps one.</param>
    public List<ILogAction> Build(long version, long? commitTime)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var actions = new List<ILogAction>(3 + _change.Transactions.Count + _removes.Length + _change.Adds.Count + _change.ChangeFiles.Count)
        {
            Info(now) with { InCommitTimestamp = commitTime },
        };
        if (_change.Protocol is { } protocol) actions.Add(protocol);
        if (_change.Metadata is { } metadata) actions.Add(commitTime is { } time ? InCommitTimestamps.Since(_basis.Metadata, metadata, version, time) : metadata);
        actions.AddRange(_change.Transactions.Select(t => t with { LastUpdated = now }));
        actions.AddRange(_removes);
        actions.AddRange(_change.Adds.Select(add => add.DataChange == _change.DataChange ? add : add with { DataChange = _change.DataChange }));
        actions.AddRange(_change.ChangeFiles);
        return actions;
    }

    private static RemoveFile Remove(AddFile file, long now, bool dataChange) => new(file.Path, now, dataChange)
    {
        ExtendedFileMetadata = true,
        PartitionValues = file.PartitionValues,
        Size = file.Size,
        DeletionVector = file.DeletionVector,
        BaseRowId = file.BaseRowId,
        DefaultRowCommitVersion = file.DefaultRowCommitVersion,
    };

    private CommitInfo Info(long now) => new()
    {
        Timestamp = now,
        Operation = _change.Operation,
        OperationParameters = _change.Parameters,
        ReadVersion = _basis.Version,
        IsolationLevel = _isolation,
        IsBlindAppend = !Intent.ReadsTable && _removes.Length == 0 && _change.Metadata is null && _change.Protocol is null,
        OperationMetrics = Metrics(),
        EngineInfo = _options.EngineInfo,
        TxnId = TxnId,
    };

    private Dictionary<string, string> Metrics()
    {
        var metrics = new Dictionary<string, string>
        {
            ["numFiles"] = Text(_change.Adds.Count),
            ["numOutputRows"] = Text(_change.Adds.Sum(a => FileStats.RowCount(a.StatsText) ?? 0)),
            ["numOutputBytes"] = Text(_change.Adds.Sum(a => a.Size)),
        };
        foreach (var (name, value) in _change.Metrics) metrics[name] = Text(value);
        if (_change.Overwrite || _removes.Length > 0) metrics["numRemovedFiles"] = Text(_removes.Length);
        return metrics;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

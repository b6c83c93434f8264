namespace Sluice.Tables;

/// <summary>A table at one version: schema, live files, positions. Immutable.</summary>
public sealed class Snapshot
{
    private readonly Lazy<long?> _rowCount;

    internal Snapshot(TableState state)
    {
        State = state;
        _rowCount = new Lazy<long?>(CountRows);
        DeltaSchema = SchemaJson.Parse(Metadata.SchemaString);
        Schema = TableSchemas.FromDelta(DeltaSchema);
    }

    /// <summary>The next version of a table whose metadata may be the same: the parsed schema is then kept.</summary>
    internal Snapshot(TableState state, Snapshot before)
    {
        State = state;
        _rowCount = new Lazy<long?>(CountRows);
        var same = state.Metadata!.SchemaString == before.Metadata.SchemaString;
        DeltaSchema = same ? before.DeltaSchema : SchemaJson.Parse(Metadata.SchemaString);
        Schema = same ? before.Schema : TableSchemas.FromDelta(DeltaSchema);
    }

    public long Version => State.Version;

    public TableSchema Schema { get; }

    /// <summary>The live files.</summary>
    public IReadOnlyCollection<AddFile> Files => State.Files;

    /// <summary>What an engine must understand to read or write the table.</summary>
    public TableProtocol Protocol => State.Protocol!;

    /// <summary>Id, partition columns, configuration.</summary>
    public TableMetadata Metadata => State.Metadata!;

    /// <summary>Rows by the files' stats, deleted rows taken off; null when a file has none.</summary>
    public long? RowCount => _rowCount.Value;

    internal TableState State { get; }

    internal StructType DeltaSchema { get; }

    /// <summary>The newest <c>txn</c> version of an application id; null when it never committed.</summary>
    public long? TransactionVersion(string appId) => State.Transactions.TryGet(appId, out var transaction) ? transaction.Version : null;

    /// <summary>The newest <c>txn</c> of every application id that begins with this, in no order.</summary>
    public IEnumerable<SetTransaction> TransactionsOf(string prefix) =>
        State.Transactions.Where(transaction => transaction.AppId.StartsWith(prefix, StringComparison.Ordinal));

    private long? CountRows()
    {
        var rows = 0L;
        foreach (var file in Files)
        {
            if (FileStats.RowCount(file.StatsText) is not { } count) return null;
            rows += count - (file.DeletionVector?.Cardinality ?? 0);
        }

        return rows;
    }
}

/// <summary>Columns of a table, in order.</summary>
public sealed record TableSchema(IReadOnlyList<TableColumn> Columns);

/// <summary>A column; <paramref name="DuckDbType"/> is the type's name in DuckDB, e.g. INTEGER, VARCHAR, DOUBLE[], TIMESTAMP WITH TIME ZONE.</summary>
public sealed record TableColumn(string Name, string DuckDbType, bool Nullable);

/// <summary>An <c>add</c> action: a live data file.</summary>
/// <param name="Path">As the log spells it: relative to the table and URI-encoded, or absolute.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ModificationTimeMs">Milliseconds since 1970-01-01 UTC.</param>
/// <param name="Stats">Delta's stats JSON.</param>
public sealed record AddFile(string Path, long Size, long ModificationTimeMs, string? Stats) : ILogAction
{
    /// <summary>Delta's stats JSON.</summary>
    public string? Stats
    {
        get => StatsText.Text;
        init => StatsText = StatsText.Of(value);
    }

    /// <summary>Values of the partition columns by physical name; null or empty text is SQL's null.</summary>
    public IReadOnlyDictionary<string, string?> PartitionValues { get; init; } = EmptyMap.Values;

    /// <summary>False when the commit only rearranged rows.</summary>
    public bool DataChange { get; init; } = true;

    public IReadOnlyDictionary<string, string?>? Tags { get; init; }

    /// <summary>The rows of the file that are deleted; null when none is.</summary>
    public DeletionVector? DeletionVector { get; init; }

    /// <summary><see cref="Stats"/> as they came.</summary>
    internal StatsText StatsText { get; init; } = StatsText.Of(Stats);

    internal long? BaseRowId { get; init; }

    internal long? DefaultRowCommitVersion { get; init; }

    internal string? ClusteringProvider { get; init; }
}

namespace Sluice.Tables;

/// <summary>A table at one version: schema, live files, positions.</summary>
public sealed class Snapshot
{
    public required long Version { get; init; }

    public required TableSchema Schema { get; init; }

    public required IReadOnlyCollection<AddFile> Files { get; init; }

    /// <summary>Rows by the files' stats; null when a file has none.</summary>
    public long? RowCount => throw new NotImplementedException();

    /// <summary>The newest <c>txn</c> version of an application id; null when it never committed.</summary>
    public long? TransactionVersion(string appId) => throw new NotImplementedException();
}

/// <summary>Columns of a table, in order.</summary>
public sealed record TableSchema(IReadOnlyList<TableColumn> Columns);

/// <summary>A column; <paramref name="DuckDbType"/> is the type's name in DuckDB, e.g. INTEGER, VARCHAR, DOUBLE[], TIMESTAMP WITH TIME ZONE.</summary>
public sealed record TableColumn(string Name, string DuckDbType, bool Nullable);

/// <summary>An <c>add</c> action: a live data file.</summary>
public sealed record AddFile(string Path, long Size, long ModificationTimeMs, string? Stats)
{
    public IReadOnlyDictionary<string, string?> PartitionValues { get; init; } = new Dictionary<string, string?>();
}

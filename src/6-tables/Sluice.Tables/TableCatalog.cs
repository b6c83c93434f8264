using Sluice.Objects;

namespace Sluice.Tables;

/// <summary>The tables under one object store, each at <c>{namespace}/{name}/</c>.</summary>
public sealed class TableCatalog(IObjectStore objects, TimeProvider time)
{
    internal IObjectStore Objects { get; } = objects;

    internal TimeProvider Time { get; } = time;

    /// <summary>Names of all tables, in order.</summary>
    public ValueTask<IReadOnlyList<TableName>> ListAsync(CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>The table, or null when there is none.</summary>
    public ValueTask<DeltaTable?> OpenAsync(TableName name, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>The table; created with this schema as version 0 when there is none.</summary>
    /// <exception cref="TableSchemaException">It exists with another schema.</exception>
    public ValueTask<DeltaTable> OpenOrCreateAsync(TableName name, TableSchema schema, CancellationToken cancel) =>
        throw new NotImplementedException();
}

/// <summary>A table's name, e.g. <c>batch.pin</c>.</summary>
public readonly record struct TableName(string Namespace, string Name)
{
    public override string ToString() => $"{Namespace}.{Name}";
}

public sealed class TableSchemaException(TableName table, string reason) : Exception($"Table {table}: {reason}");

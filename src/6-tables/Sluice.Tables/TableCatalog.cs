using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Objects;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>The tables under one object store, each at <c>{namespace}/{name}/</c>. Safe for many threads.</summary>
/// <param name="objects">Holds the logs and the data files.</param>
/// <param name="time">Stamps commits and files.</param>
/// <param name="duckDb">Reads and writes checkpoints. The caller keeps it open as long as the catalog is used.</param>
public sealed class TableCatalog(
    IObjectStore objects, TimeProvider time, DuckDb duckDb, TablesOptions options, ILogger<TableCatalog>? logger = null)
{
    private readonly ConcurrentDictionary<TableName, DeltaTable> _tables = new();
    private readonly Scratch _scratch = new(options, time);

    internal IObjectStore Objects { get; } = objects;

    internal TimeProvider Time { get; } = time;

    internal DuckDb DuckDb { get; } = duckDb;

    internal TablesOptions Options { get; } = options;

    internal ILogger Logger { get; } = logger ?? NullLogger<TableCatalog>.Instance;

    internal Scratch Scratch => _scratch;

    /// <summary>Names of all tables, in order.</summary>
    public async ValueTask<IReadOnlyList<TableName>> ListAsync(CancellationToken cancel)
    {
        var names = new List<TableName>();
        ObjectKey? after = null;
        while (await FirstAsync("", after, cancel) is { } key)
        {
            var parts = key.Value.Split('/', 3);
            if (parts.Length < 3)
            {
                after = key;
                continue;
            }

            var name = new TableName(parts[0], parts[1]);
            if (await FirstAsync(new TableLog(Objects, name).Prefix, null, cancel) is not null) names.Add(name);
            // '0' is the character after '/': the search goes on behind all objects of this table.
            after = new ObjectKey($"{parts[0]}/{parts[1]}0");
        }

        return [.. names.OrderBy(n => n.Namespace, StringComparer.Ordinal).ThenBy(n => n.Name, StringComparer.Ordinal)];
    }

    /// <summary>The table, or null when there is none.</summary>
    public async ValueTask<DeltaTable?> OpenAsync(TableName name, CancellationToken cancel)
    {
        if (_tables.TryGetValue(name, out var known)) return known;
        return await FirstAsync(new TableLog(Objects, name).Prefix, null, cancel) is null ? null : Table(name);
    }

    /// <summary>The table; created with this schema as version 0 when there is none.</summary>
    /// <exception cref="TableSchemaException">It exists with another schema, or the schema has no Delta form.</exception>
    public ValueTask<DeltaTable> OpenOrCreateAsync(TableName name, TableSchema schema, CancellationToken cancel) =>
        OpenOrCreateAsync(name, schema, EmptyMap.Strings, cancel);

    /// <inheritdoc cref="OpenOrCreateAsync(TableName, TableSchema, CancellationToken)"/>
    /// <param name="properties">Table properties by name (<c>delta.deletedFileRetentionDuration</c>, ...) that it is created with; those of a table that exists stay.</param>
    public ValueTask<DeltaTable> OpenOrCreateAsync(
        TableName name, TableSchema schema, IReadOnlyDictionary<string, string> properties, CancellationToken cancel) =>
        OpenOrCreateAsync(name, new TableDesign(schema) { Properties = properties }, cancel);

    /// <summary>The table; created after the design as version 0 when there is none. Of one that exists, schema and partition columns are held against the design.</summary>
    /// <exception cref="TableSchemaException">It exists with another schema or other partition columns, or the design has no Delta form.</exception>
    /// <exception cref="TableUnsupportedException">The properties ask for a feature that Sluice does not write.</exception>
    public async ValueTask<DeltaTable> OpenOrCreateAsync(TableName name, TableDesign design, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(design);
        if (await OpenAsync(name, cancel) is not { } table)
        {
            await new DeltaTable(this, name).CreateAsync(TableDesigns.ToDelta(name, design, Options.NewId), cancel);
            table = Table(name);
        }

        var snapshot = await table.SnapshotAsync(cancel);
        return TableDesigns.Difference(snapshot, design) is { } difference ? throw new TableSchemaException(name, difference) : table;
    }

    private DeltaTable Table(TableName name) => _tables.GetOrAdd(name, n => new DeltaTable(this, n));

    private async ValueTask<ObjectKey?> FirstAsync(string prefix, ObjectKey? after, CancellationToken cancel)
    {
        await foreach (var item in Objects.ListAsync(prefix, after, cancel)) return item.Key;
        return null;
    }
}

/// <summary>A table's name, e.g. <c>batch.pin</c>.</summary>
public readonly record struct TableName(string Namespace, string Name)
{
    public override string ToString() => $"{Namespace}.{Name}";
}

/// <summary>A table has, or would get, a schema that does not fit.</summary>
public sealed class TableSchemaException(TableName table, string reason) : Exception($"Table {table}: {reason}");

/// <summary>A table's log or files break the Delta protocol, or part of them is missing.</summary>
public sealed class TableFormatException(TableName table, string reason, Exception? cause = null)
    : Exception($"Table {table} cannot be read: {reason}", cause);

/// <summary>A table asks for what Sluice does not support; the message names it.</summary>
public sealed class TableUnsupportedException(TableName table, string reason) : Exception($"Table {table}: {reason}");

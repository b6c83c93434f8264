using System.Globalization;
using DuckDB.NET.Data;
using Sluice.Objects;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>Writes the rows of a select as data files of a table: DuckDB makes the Parquet, this makes the <c>add</c> actions.</summary>
internal sealed class DataFileWriter(TableCatalog catalog, TableName table, TableLog log)
{
    /// <summary>The size at which a file is closed unless told.</summary>
    public long FileBytesMax => catalog.Options.DataFileBytesMax;

    /// <param name="fileBytesMax">The size at which a file is closed; null for that of the options.</param>
    public async Task<IReadOnlyList<AddFile>> WriteAsync(
        Snapshot snapshot, DuckDBConnection connection, string select, CancellationToken cancel, long? fileBytesMax = null)
    {
        var source = SelectShape.Conform(table, snapshot.Schema, connection, select);
        var layout = new WriteLayout(snapshot);
        var rules = Rules(snapshot);
        // A select that is looked at more than once is run once: it may give other rows the next time.
        using var staged = rules.Count > 0 || layout.Partitions.Count > 0 ? await TempRelation.TableAsync(connection, source, cancel) : null;
        if (staged is not null) await TableRules.CheckAsync(table, rules, connection, staged.Name, cancel);
        using var folder = catalog.Scratch.Open();
        var rows = new RowsToWrite(staged?.Name ?? $"({source}\n)", layout, "") { FileBytesMax = fileBytesMax ?? catalog.Options.DataFileBytesMax };
        var written = await CopyAsync(connection, rows, Path.Combine(folder.Path, "out"), cancel);
        foreach (var (file, _) in written) CheckNulls(snapshot.DeltaSchema, layout, file);
        var id = catalog.Options.NewId();
        var adds = new List<AddFile>(written.Count);
        foreach (var (file, values) in written)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{PartitionValue.Folder(values)}part-{adds.Count:00000}-{id:D}-c000.zstd.parquet");
            var columns = await BoundedAsync(layout.Data, connection, file, cancel);
            await catalog.Objects.PutFileAsync(new ObjectKey(log.Root + name), file.Path, cancel);
            adds.Add(new AddFile(
                DataPath.Encode(name), file.Bytes, catalog.Time.GetUtcNow().ToUnixTimeMilliseconds(),
                FileStats.Build(layout.Data, file.Rows, columns, IndexedColumns.Of(snapshot.Metadata)))
            {
                PartitionValues = values,
            });
        }

        return adds;
    }

    /// <summary>Writes rows of the change feed: the table's columns and <c>_change_type</c>.</summary>
    public async Task<IReadOnlyList<ChangeFile>> WriteChangesAsync(Snapshot snapshot, DuckDBConnection connection, string select, CancellationToken cancel)
    {
        var layout = new WriteLayout(snapshot);
        using var staged = layout.Partitions.Count > 0 ? await TempRelation.TableAsync(connection, select, cancel) : null;
        using var folder = catalog.Scratch.Open();
        var rows = new RowsToWrite(staged?.Name ?? $"({select}\n)", layout, ChangeFeed.TypeColumn) { FileBytesMax = catalog.Options.DataFileBytesMax };
        var written = await CopyAsync(connection, rows, Path.Combine(folder.Path, "out"), cancel);
        var id = catalog.Options.NewId();
        var changes = new List<ChangeFile>(written.Count);
        foreach (var (file, values) in written)
        {
            var name = string.Create(
                CultureInfo.InvariantCulture, $"{ChangeFeed.Folder}/{PartitionValue.Folder(values)}cdc-{changes.Count:00000}-{id:D}.c000.zstd.parquet");
            await catalog.Objects.PutFileAsync(new ObjectKey(log.Root + name), file.Path, cancel);
            changes.Add(new ChangeFile(DataPath.Encode(name), file.Bytes) { PartitionValues = values });
        }

        return changes;
    }

    private IReadOnlyList<TableRule> Rules(Snapshot snapshot)
    {
        try
        {
            return TableRules.Of(snapshot);
        }
        catch (LogFormatException e)
        {
            throw new TableFormatException(table, e.Message, e);
        }
    }

    private async Task<List<(WrittenFile File, IReadOnlyDictionary<string, string?> Values)>> CopyAsync(
        DuckDBConnection connection, RowsToWrite rows, string directory, CancellationToken cancel)
    {
        var layout = rows.Layout;
        var shape = new ParquetShape(catalog.Options.RowGroupRows, rows.FileBytesMax, layout.FieldIds, Parted: false);
        if (layout.Partitions.Count == 0)
        {
            var all = await ParquetCopy.WriteAsync(connection, $"SELECT {rows.Columns} FROM {rows.Relation}", directory, shape, cancel);
            return [.. all.Select(file => (file, EmptyMap.Values))];
        }

        var texts = layout.Partitions.Select((field, i) => (Text: PartitionValue.Text(field.Type, $"r.{SqlName.Quote(field.Name)}"), Name: $"v{i}")).ToArray();
        var distinct = $"SELECT DISTINCT {string.Join(", ", texts.Select(t => $"{t.Text} AS {t.Name}"))} FROM {rows.Relation} r";
        using var parts = await TempRelation.TableAsync(
            connection, $"SELECT CAST(row_number() OVER () AS INTEGER) - 1 AS {ParquetCopy.PartColumn}, * FROM ({distinct})", cancel);
        var values = await connection.ReadAsync(
            $"SELECT * EXCLUDE ({ParquetCopy.PartColumn}) FROM {parts.Name} ORDER BY {ParquetCopy.PartColumn}",
            row => layout.Partitions.Select((field, i) => (field.PhysicalName, Value: row.IsDBNull(i) ? null : row.GetString(i))).ToDictionary(v => v.PhysicalName, v => v.Value),
            cancel);
        if (values.Count <= 1)
        {
            var one = await ParquetCopy.WriteAsync(connection, $"SELECT {rows.Columns} FROM {rows.Relation}", directory, shape, cancel);
            return [.. one.Select(file => (file, (IReadOnlyDictionary<string, string?>)values[0]))];
        }

        var match = string.Join(" AND ", texts.Select(t => $"p.{t.Name} IS NOT DISTINCT FROM {t.Text}"));
        var select = $"SELECT {rows.Columns}, {ParquetCopy.PartColumn} FROM {rows.Relation} r JOIN {parts.Name} p ON {match}";
        var written = await ParquetCopy.WriteAsync(connection, select, directory, shape with { Parted = true }, cancel);
        return [.. written.Select(file => (file, (IReadOnlyDictionary<string, string?>)values[file.Part!.Value]))];
    }

    private void CheckNulls(StructType schema, WriteLayout layout, WrittenFile file)
    {
        foreach (var field in schema.Fields)
        {
            if (field.Nullable || field.Type is not (PrimitiveType or DecimalType) || layout.Partitions.Contains(field)) continue;
            var nulls = file.Columns.TryGetValue(SqlName.Quote(field.PhysicalName), out var stats) ? stats.NullCount ?? 0 : 0;
            if (nulls > 0) throw new TableSchemaException(table, $"column '{field.Name}' is not nullable, and the select gives {nulls} rows without a value");
        }
    }

    /// <summary>
    /// The columns' stats without bounds that may be wrong. DuckDB reports whether there is a NaN for a file's last row group only, so
    /// a file with several is asked again: a row group with a NaN has no bounds of its own.
    /// </summary>
    private async Task<IReadOnlyDictionary<string, ColumnStats>> BoundedAsync(
        StructType schema, DuckDBConnection connection, WrittenFile file, CancellationToken cancel)
    {
        var floats = FileStats.Leaves(schema, []).Any(leaf => leaf.Type is PrimitiveType { Name: "float" or "double" });
        if (!floats || file.Rows <= catalog.Options.RowGroupRows) return file.Columns;
        var columns = new Dictionary<string, ColumnStats>(file.Columns);
        foreach (var unbounded in await ParquetCopy.UnboundedFloatsAsync(connection, file.Path, cancel))
        {
            if (columns.TryGetValue(unbounded, out var stats)) columns[unbounded] = stats with { Min = null, Max = null };
        }

        return columns;
    }

    /// <param name="Relation">A name, or a select in brackets.</param>
    /// <param name="Extra">A column beside the table's; empty for none.</param>
    private readonly record struct RowsToWrite(string Relation, WriteLayout Layout, string Extra)
    {
        public long FileBytesMax { get; init; }

        public string Columns => Layout.Columns is not { } columns ? "*" : Extra.Length == 0 ? columns : $"{columns}, {Extra}";
    }
}

using System.Globalization;
using DuckDB.NET.Data;
using Sluice.Objects;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>Writes the rows of a select as data files of a table: DuckDB makes the Parquet, this makes the <c>add</c> actions.</summary>
internal sealed class DataFileWriter(TableCatalog catalog, TableName table, TableLog log)
{
    public async Task<IReadOnlyList<AddFile>> WriteAsync(Snapshot snapshot, DuckDBConnection connection, string select, CancellationToken cancel)
    {
        var source = SelectShape.Conform(table, snapshot.Schema, connection, select);
        using var folder = catalog.Scratch.Open();
        var written = await ParquetCopy.WriteAsync(connection, source, Path.Combine(folder.Path, "out"), catalog.Options, cancel);
        foreach (var file in written) CheckNulls(snapshot.Schema, file);
        var id = catalog.Options.NewId();
        var adds = new List<AddFile>(written.Count);
        foreach (var file in written)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"part-{adds.Count:00000}-{id:D}-c000.zstd.parquet");
            var columns = await BoundedAsync(snapshot.DeltaSchema, connection, file, cancel);
            await catalog.Objects.PutFileAsync(new ObjectKey(log.Root + name), file.Path, cancel);
            adds.Add(new AddFile(
                DataPath.Encode(name), file.Bytes, catalog.Time.GetUtcNow().ToUnixTimeMilliseconds(),
                FileStats.Build(snapshot.DeltaSchema, file.Rows, columns)));
        }

        return adds;
    }

    private void CheckNulls(TableSchema schema, WrittenFile file)
    {
        foreach (var column in schema.Columns)
        {
            if (column.Nullable) continue;
            var name = SqlName.Quote(column.Name);
            var nulls = file.Columns.Where(c => c.Key == name || c.Key.StartsWith(name + ".", StringComparison.Ordinal)).Max(c => c.Value.NullCount) ?? 0;
            if (nulls > 0) throw new TableSchemaException(table, $"column '{column.Name}' is not nullable, and the select gives {nulls} rows without a value");
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
}

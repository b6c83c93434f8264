using DuckDB.NET.Data;
using Sluice.Definition;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Cleaning;

/// <summary>Compares what the two paths made of a dataset: the clean tables row by row, and the records at fault by their text and reasons.</summary>
/// <remarks>
/// Rows are compared as multisets, in their order nothing is meant. Where several records have one key, each path keeps the first it met:
/// two paths whose producers sent these records in different orders, or through different partitions, differ here, and rightly so.
/// </remarks>
public sealed class PathComparison(PipelineDefinition pipeline, TableCatalog tables, CleaningOptions options)
{
    /// <summary>Compares a dataset's tables as they are now. A table that is not there has no rows.</summary>
    /// <param name="rowsMax">The most differing rows to give of each side.</param>
    /// <exception cref="ArgumentException">The pipeline has no such dataset.</exception>
    public async Task<PathDifference> CompareAsync(string dataset, CancellationToken cancel, int rowsMax = 20)
    {
        var item = pipeline.DatasetNamed(dataset);
        using var duckDb = DuckDb.Open(new DuckDbOptions(options.TempDirectory, options.MemoryBytesMax, options.Threads) { PreserveInsertionOrder = false });
        using var connection = duckDb.Connect();
        var columns = item.Columns.Select(column => new TableColumn(column.Name, column.Type, column.Nullable)).ToList();
        var clean = await SideBySideAsync(
            connection, (await CleanAsync(item, CleaningTarget.Batch, columns, cancel), await CleanAsync(item, CleaningTarget.Stream, columns, cancel)),
            rowsMax, cancel);
        var quarantine = await SideBySideAsync(
            connection, (await AtFaultAsync(item, CleaningTarget.Batch, cancel), await AtFaultAsync(item, CleaningTarget.Stream, cancel)), rowsMax, cancel);
        return new PathDifference(dataset, clean, quarantine);
    }

    private static async Task<SideDifference> SideBySideAsync(
        DuckDBConnection connection, (string Batch, string Stream) sides, int rowsMax, CancellationToken cancel)
    {
        var onlyBatch = $"({sides.Batch} EXCEPT ALL {sides.Stream})";
        var onlyStream = $"({sides.Stream} EXCEPT ALL {sides.Batch})";
        var counts = await connection.ReadAsync(
            $"SELECT (SELECT count(*) FROM ({sides.Batch})), (SELECT count(*) FROM ({sides.Stream})), (SELECT count(*) FROM {onlyBatch}), "
            + $"(SELECT count(*) FROM {onlyStream})",
            row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)), cancel);
        var (batchRows, streamRows, batchOnly, streamOnly) = counts[0];
        return new SideDifference(
            batchRows, streamRows, batchOnly, streamOnly,
            batchOnly == 0 ? [] : await RowsAsync(connection, onlyBatch, rowsMax, cancel),
            streamOnly == 0 ? [] : await RowsAsync(connection, onlyStream, rowsMax, cancel));
    }

    private static Task<IReadOnlyList<string>> RowsAsync(DuckDBConnection connection, string relation, int rowsMax, CancellationToken cancel) =>
        connection.ReadAsync($"SELECT CAST(to_json(whole_row) AS VARCHAR) FROM {relation} whole_row ORDER BY 1 LIMIT {rowsMax}", row => row.GetString(0), cancel);

    private async Task<string> CleanAsync(Dataset dataset, string path, IReadOnlyList<TableColumn> columns, CancellationToken cancel)
    {
        var names = string.Join(", ", columns.Select(column => SqlName.Quote(column.Name)));
        return $"SELECT {names} FROM {await RelationAsync(new TableName(path, dataset.Name), columns, cancel)}";
    }

    private async Task<string> AtFaultAsync(Dataset dataset, string path, CancellationToken cancel)
    {
        IReadOnlyList<TableColumn> columns = [new("path", "VARCHAR", false), new("raw", "VARCHAR", false), new("reasons", "VARCHAR[]", false)];
        var relation = await RelationAsync(DatasetTables.QuarantineName(dataset), columns, cancel);
        return $"SELECT raw, list_sort(reasons) AS reasons FROM {relation} WHERE path = {SqlName.Literal(path)}";
    }

    private async Task<string> RelationAsync(TableName name, IReadOnlyList<TableColumn> columns, CancellationToken cancel)
    {
        if (await tables.OpenAsync(name, cancel) is { } table) return await table.RelationAsync(await table.SnapshotAsync(cancel), cancel);
        var nulls = columns.Select(column => $"CAST(NULL AS {column.DuckDbType}) AS {SqlName.Quote(column.Name)}");
        return $"(SELECT {string.Join(", ", nulls)} WHERE false)";
    }
}

/// <summary>How the two paths of a dataset differ.</summary>
/// <param name="Clean">batch.X against stream.X.</param>
/// <param name="Quarantine">The records at fault of either path.</param>
public sealed record PathDifference(string Dataset, SideDifference Clean, SideDifference Quarantine)
{
    public bool IsNone => Clean.IsNone && Quarantine.IsNone;
}

/// <summary>Rows of both sides, and of those in one only; a row that is twice on one side and once on the other counts once there.</summary>
/// <param name="BatchSample">The first of the rows that only batch has, as JSON objects.</param>
/// <param name="StreamSample">The first of the rows that only stream has.</param>
public sealed record SideDifference(
    long BatchRows, long StreamRows, long OnlyBatch, long OnlyStream, IReadOnlyList<string> BatchSample, IReadOnlyList<string> StreamSample)
{
    public bool IsNone => OnlyBatch == 0 && OnlyStream == 0;
}

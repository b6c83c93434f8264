using System.Collections;
using System.Globalization;
using DuckDB.NET.Data;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>A Parquet file that DuckDB wrote.</summary>
/// <param name="Columns">By the leaf's path: quoted names joined by dots.</param>
internal sealed record WrittenFile(string Path, long Rows, long Bytes, IReadOnlyDictionary<string, ColumnStats> Columns);

/// <summary>DuckDB's <c>COPY ... TO</c> Parquet with the statistics it returns.</summary>
internal static class ParquetCopy
{
    /// <summary>Writes a select into new files of a new directory; none for no rows.</summary>
    public static async Task<IReadOnlyList<WrittenFile>> WriteAsync(
        DuckDBConnection connection, string select, string directory, TablesOptions options, CancellationToken cancel)
    {
        var copy = string.Create(CultureInfo.InvariantCulture, $"""
            COPY ({select}
            ) TO {SqlName.Literal(directory)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {options.RowGroupRows},
            FILE_SIZE_BYTES {options.DataFileBytesMax}, RETURN_STATS)
            """);
        var files = (await connection.ReadAsync(copy, File, cancel)).Where(file => file.Rows > 0).ToList();
        files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return files;
    }

    /// <summary>Paths of the float columns of which some row group has no bounds: it holds a NaN, or nothing but nulls.</summary>
    public static async Task<IReadOnlyList<string>> UnboundedFloatsAsync(DuckDBConnection connection, string path, CancellationToken cancel)
    {
        // Column names of Delta tables hold neither comma nor space, which join the path here.
        return await connection.ReadAsync(
            $"""
            SELECT DISTINCT path_in_schema FROM parquet_metadata({SqlName.Literal(path)})
            WHERE type IN ('FLOAT', 'DOUBLE') AND coalesce(stats_min_value, stats_min) IS NULL
            """,
            row => string.Join('.', row.GetString(0).Split(", ").Select(SqlName.Quote)),
            cancel);
    }

    private static WrittenFile File(DuckDBDataReader row) => new(
        row.GetString(row.GetOrdinal("filename")),
        Convert.ToInt64(row["count"], CultureInfo.InvariantCulture),
        Convert.ToInt64(row["file_size_bytes"], CultureInfo.InvariantCulture),
        Columns(row["column_statistics"]));

    private static Dictionary<string, ColumnStats> Columns(object value)
    {
        var columns = new Dictionary<string, ColumnStats>();
        foreach (DictionaryEntry entry in (IDictionary)value)
        {
            var stats = (IDictionary)entry.Value!;
            var nan = Text(stats, "has_nan") == "true";
            columns[(string)entry.Key] = new ColumnStats(
                nan ? null : Text(stats, "min"),
                nan ? null : Text(stats, "max"),
                Text(stats, "null_count") is { } nulls ? long.Parse(nulls, CultureInfo.InvariantCulture) : null);
        }

        return columns;
    }

    private static string? Text(IDictionary stats, string key) => stats.Contains(key) ? stats[key] as string : null;
}

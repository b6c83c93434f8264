using System.Collections;
using System.Globalization;
using DuckDB.NET.Data;

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
        using var command = connection.CreateCommand();
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"""
            COPY ({select}
            ) TO {DuckDbType.Literal(directory)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {options.RowGroupRows},
            FILE_SIZE_BYTES {options.DataFileBytesMax}, RETURN_STATS)
            """);
        using var reader = await command.ExecuteReaderAsync(cancel);
        var files = new List<WrittenFile>();
        while (await reader.ReadAsync(cancel))
        {
            var rows = Convert.ToInt64(reader["count"], CultureInfo.InvariantCulture);
            if (rows == 0) continue;
            var bytes = Convert.ToInt64(reader["file_size_bytes"], CultureInfo.InvariantCulture);
            files.Add(new WrittenFile(reader.GetString(reader.GetOrdinal("filename")), rows, bytes, Columns(reader["column_statistics"])));
        }

        files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return files;
    }

    /// <summary>Paths of the float columns of which some row group has no bounds: it holds a NaN, or nothing but nulls.</summary>
    public static async Task<IReadOnlyList<string>> UnboundedFloatsAsync(DuckDBConnection connection, string path, CancellationToken cancel)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"""
            SELECT DISTINCT path_in_schema FROM parquet_metadata({DuckDbType.Literal(path)})
            WHERE type IN ('FLOAT', 'DOUBLE') AND coalesce(stats_min_value, stats_min) IS NULL
            """;
        using var reader = await command.ExecuteReaderAsync(cancel);
        var paths = new List<string>();
        // Column names of Delta tables hold neither comma nor space, which join the path here.
        while (await reader.ReadAsync(cancel)) paths.Add(string.Join('.', reader.GetString(0).Split(", ").Select(DuckDbType.Quote)));
        return paths;
    }

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

using System.Collections;
using System.Globalization;
using DuckDB.NET.Data;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>A Parquet file that DuckDB wrote.</summary>
/// <param name="Columns">By the leaf's path: quoted names joined by dots.</param>
/// <param name="Part">The value of the column that the rows were parted by; null when they were not.</param>
internal sealed record WrittenFile(string Path, long Rows, long Bytes, IReadOnlyDictionary<string, ColumnStats> Columns, int? Part);

/// <summary>How rows are put into files.</summary>
/// <param name="Parted">Whether the select has a <see cref="ParquetCopy.PartColumn"/>, each value of which gets files of its own; they are as large as they come.</param>
internal readonly record struct ParquetShape(int RowGroupRows, long FileBytesMax, string? FieldIds, bool Parted);

/// <summary>DuckDB's <c>COPY ... TO</c> Parquet with the statistics it returns.</summary>
internal static class ParquetCopy
{
    /// <summary>The column that <see cref="WriteAsync"/> parts rows by.</summary>
    public const string PartColumn = "_sluice_part";

    /// <summary>Writes a select into new files of a new directory; none for no rows.</summary>
    public static async Task<IReadOnlyList<WrittenFile>> WriteAsync(
        DuckDBConnection connection, string select, string directory, ParquetShape shape, CancellationToken cancel)
    {
        var split = shape.Parted
            ? $"PARTITION_BY ({PartColumn}), WRITE_PARTITION_COLUMNS false"
            : string.Create(CultureInfo.InvariantCulture, $"FILE_SIZE_BYTES {shape.FileBytesMax}");
        var ids = shape.FieldIds is null ? "" : $", FIELD_IDS {shape.FieldIds}";
        var copy = string.Create(CultureInfo.InvariantCulture, $"""
            COPY ({select}
            ) TO {SqlName.Literal(directory)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {shape.RowGroupRows},
            {split}{ids}, RETURN_STATS)
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
        Columns(row["column_statistics"]),
        row["partition_keys"] is IDictionary keys && keys[PartColumn] is string part ? int.Parse(part, CultureInfo.InvariantCulture) : null);

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

using System.Globalization;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>A live file as DuckDB opens it.</summary>
/// <param name="DeletedRows">Numbers of the rows that count no more.</param>
/// <param name="Rows">About how many it holds.</param>
internal sealed record LocalFile(string Path, IReadOnlyDictionary<string, string?> PartitionValues, IReadOnlyList<long> DeletedRows, long Rows);

/// <summary>The SQL that reads a snapshot: <c>read_parquet</c> with the table's schema, whatever the files' own schemas are.</summary>
/// <remarks>
/// Files with the same partition values and without deleted rows are read by one call, where these values are constants, so that
/// DuckDB drops whole calls by a filter on them. Files with deleted rows are read by a call each.
/// </remarks>
internal static class Relation
{
    /// <summary>A column of <see cref="Places"/>: the file's index in the list given.</summary>
    public const string FileColumn = "_sluice_file";

    /// <summary>A column of <see cref="Places"/>: the row's number in its file, deleted rows counted.</summary>
    public const string RowColumn = "_sluice_row";

    public static string Sql(Snapshot snapshot, IReadOnlyList<LocalFile> files)
    {
        var schema = snapshot.DeltaSchema;
        var partitions = PartitionFields(snapshot);
        if (schema.Fields.Count == 0) throw new LogFormatException("it has no columns yet, so there is nothing to select");
        if (files.Count == 0) return Empty(schema);
        var mode = ColumnMapping.Mode(snapshot.Metadata);
        var data = schema.Fields.Where(f => !partitions.Contains(f)).ToArray();
        if (partitions.Count == 0 && files.All(f => f.DeletedRows.Count == 0) && !data.Any(f => NestedNames.Differ(f.Type)))
        {
            return Scan(data, files, mode);
        }

        var branches = files
            .GroupBy(f => (Values: ValuesKey(partitions, f), Single: f.DeletedRows.Count == 0 ? null : f.Path))
            .Select(group => $"SELECT {Branch(schema, partitions, data, [.. group], mode)}");
        return $"({string.Join("\nUNION ALL ", branches)})";
    }

    /// <summary>As <see cref="Sql"/>, with where each row stands: <see cref="FileColumn"/> and <see cref="RowColumn"/>.</summary>
    public static string Places(Snapshot snapshot, IReadOnlyList<LocalFile> files)
    {
        var schema = snapshot.DeltaSchema;
        if (files.Count == 0) return $"(SELECT *, NULL::BIGINT AS {FileColumn}, NULL::BIGINT AS {RowColumn} FROM {Empty(schema)})";
        var partitions = PartitionFields(snapshot);
        var data = schema.Fields.Where(f => !partitions.Contains(f)).ToArray();
        var mode = ColumnMapping.Mode(snapshot.Metadata);
        var branches = files.Select((file, index) => (File: file, Index: index))
            .GroupBy(f => (Values: ValuesKey(partitions, f.File), Single: f.File.DeletedRows.Count == 0 ? null : f.File.Path))
            .Select(group => $"SELECT {Place([.. group.Select(f => f.Index)])}, {Branch(schema, partitions, data, [.. group.Select(f => f.File)], mode)}");
        return $"({string.Join("\nUNION ALL ", branches)})";
    }

    private static string Place(int[] indices)
    {
        var file = indices[^1] - indices[0] == indices.Length - 1 ? $"{indices[0]} + file_index" : $"[{string.Join(", ", indices)}][CAST(file_index AS BIGINT) + 1]";
        return $"CAST({file} AS BIGINT) AS {FileColumn}, CAST(file_row_number AS BIGINT) AS {RowColumn}";
    }

    private static List<StructField> PartitionFields(Snapshot snapshot) => [.. snapshot.Metadata.PartitionColumns.Select(name =>
        snapshot.DeltaSchema.Fields.FirstOrDefault(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new LogFormatException($"the partition column '{name}' is not in the schema"))];

    private static string Branch(
        StructType schema, List<StructField> partitions, StructField[] data, LocalFile[] files, ColumnMappingMode mode)
    {
        var columns = schema.Fields.Select(field => partitions.Contains(field)
            ? $"{PartitionValue.Sql(field.Type, Value(field, files[0]))} AS {SqlName.Quote(field.Name)}"
            : $"{NestedNames.Rename(field.Type, SqlName.Quote(field.Name))} AS {SqlName.Quote(field.Name)}");
        var select = $"{string.Join(", ", columns)} FROM {Scan(data, files, mode)}";
        var deleted = files[0].DeletedRows;
        // One text that is split is parsed at once; a list of a million numbers would be a million expressions.
        return deleted.Count == 0
            ? select
            : $"{select} WHERE file_row_number NOT IN (SELECT unnest(string_split('{string.Join(',', deleted)}', ',')::BIGINT[]))";
    }

    /// <summary>A column that a file lacks is null; one of another type is cast; hive-like folder names mean nothing.</summary>
    private static string Scan(StructField[] fields, IReadOnlyCollection<LocalFile> files, ColumnMappingMode mode)
    {
        var paths = string.Join(", ", files.Select(f => SqlName.Literal(f.Path)));
        // A table may have partition columns only; the rows are then counted by their numbers in the file.
        if (fields.Length == 0) return $"read_parquet([{paths}], hive_partitioning = false)";
        // Given a schema, DuckDB opens no file to plan by, takes the table for empty, and would make it the side of a join that memory holds.
        var rows = Math.Max(1, files.Sum(f => f.Rows)).ToString(CultureInfo.InvariantCulture);
        var schema = fields.Select(f =>
            $"{Identity(f, mode)}: {{name: {SqlName.Literal(f.Name)}, type: {SqlName.Literal(DuckDbType.Of(NestedNames.Physical(f.Type))!)}, default_value: NULL}}");
        return $"read_parquet([{paths}], hive_partitioning = false, explicit_cardinality = {rows}, schema = MAP {{{string.Join(", ", schema)}}})";
    }

    private static string Identity(StructField field, ColumnMappingMode mode) => mode == ColumnMappingMode.Id
        ? field.ColumnId?.ToString(null, null) ?? throw new LogFormatException($"column '{field.Name}' has no id, though columns are mapped by id")
        : SqlName.Literal(field.PhysicalName);

    private static string Empty(StructType schema)
    {
        var columns = schema.Fields.Select(f => $"CAST(NULL AS {DuckDbType.Of(f.Type)}) AS {SqlName.Quote(f.Name)}");
        return $"(SELECT {string.Join(", ", columns)} WHERE false)";
    }

    private static string? Value(StructField field, LocalFile file) =>
        file.PartitionValues.TryGetValue(field.PhysicalName, out var value) ? value
        : throw new LogFormatException($"file {file.Path} has no value for the partition column '{field.Name}'");

    private static string ValuesKey(List<StructField> partitions, LocalFile file) =>
        string.Concat(partitions.Select(p => Value(p, file) is { } value ? $"{value.Length}:{value}" : "-"));
}

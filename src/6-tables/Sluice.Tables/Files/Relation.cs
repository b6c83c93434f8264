namespace Sluice.Tables;

/// <summary>A live file as DuckDB opens it.</summary>
internal sealed record LocalFile(string Path, AddFile Add);

/// <summary>The SQL that reads a snapshot: <c>read_parquet</c> with the table's schema, whatever the files' own schemas are.</summary>
internal static class Relation
{
    public static string Sql(Snapshot snapshot, IReadOnlyList<LocalFile> files)
    {
        if (files.Count == 0) return Empty(snapshot.DeltaSchema);
        return Scan(snapshot.DeltaSchema.Fields, files);
    }

    /// <summary>A column that a file lacks is null; one of another type is cast; hive-like folder names mean nothing.</summary>
    private static string Scan(IEnumerable<StructField> fields, IEnumerable<LocalFile> files)
    {
        var schema = fields.Select(f =>
            $"{DuckDbType.Literal(f.PhysicalName)}: {{name: {DuckDbType.Literal(f.Name)}, type: {DuckDbType.Literal(DuckDbType.Of(f.Type)!)}, default_value: NULL}}");
        var paths = files.Select(f => DuckDbType.Literal(f.Path));
        return $"read_parquet([{string.Join(", ", paths)}], hive_partitioning = false, schema = MAP {{{string.Join(", ", schema)}}})";
    }

    private static string Empty(StructType schema)
    {
        var columns = schema.Fields.Select(f => $"CAST(NULL AS {DuckDbType.Of(f.Type)}) AS {DuckDbType.Quote(f.Name)}");
        return $"(SELECT {string.Join(", ", columns)} WHERE false)";
    }
}

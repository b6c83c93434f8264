using System.Buffers;

namespace Sluice.Tables;

/// <summary>Between a table's columns as DuckDB names them and the Delta schema.</summary>
internal static class TableSchemas
{
    /// <summary>Characters that Parquet writers refuse in a column name when there is no column mapping.</summary>
    private static readonly SearchValues<char> s_nameForbidden = SearchValues.Create(" ,;{}()\n\t=");

    /// <summary>The Delta schema to create a table with; all faults are named at once.</summary>
    /// <exception cref="TableSchemaException">A column has no Delta type or no usable name.</exception>
    public static StructType ToDelta(TableName table, TableSchema schema, SchemaFreedom freedom = default)
    {
        var faults = new List<string>();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var fields = new List<StructField>();
        if (schema.Columns.Count == 0) faults.Add("it has no columns");
        foreach (var column in schema.Columns)
        {
            if (!names.Add(column.Name)) faults.Add($"two columns are named '{column.Name}' (case does not tell them apart)");
            var type = DuckDbType.Parse(column.DuckDbType, out var fault);
            if (type is null) faults.Add($"column '{column.Name}': {fault}");
            else if (FirstFault(column.Name, type, freedom) is { } inner) faults.Add(inner);
            else fields.Add(new StructField(column.Name, type, column.Nullable));
        }

        return faults.Count == 0 ? new StructType(fields) : throw new TableSchemaException(table, string.Join("; ", faults));
    }

    /// <exception cref="LogFormatException">A column's type is unknown here; it is named.</exception>
    public static TableSchema FromDelta(StructType schema) => new([.. schema.Fields.Select(field => new TableColumn(
        field.Name,
        DuckDbType.Of(field.Type) ?? throw new LogFormatException($"column '{field.Name}' has a type that Sluice cannot read: {SchemaJson.Write(new StructType([field]))}"),
        field.Nullable))]);

    /// <summary>How two schemas differ; null when they mean the same.</summary>
    public static string? Difference(TableSchema has, TableSchema wants)
    {
        if (has.Columns.Count != wants.Columns.Count) return $"it has {Describe(has)}, wanted is {Describe(wants)}";
        for (var i = 0; i < has.Columns.Count; i++)
        {
            var (a, b) = (has.Columns[i], wants.Columns[i]);
            if (a.Name != b.Name) return $"its column {i + 1} is '{a.Name}', wanted is '{b.Name}'";
            if (Normal(a.DuckDbType) != Normal(b.DuckDbType)) return $"its column '{a.Name}' is {a.DuckDbType}, wanted is {b.DuckDbType}";
            if (a.Nullable != b.Nullable) return $"its column '{a.Name}' is {(a.Nullable ? "nullable" : "not nullable")}, wanted is the opposite";
        }

        return null;
    }

    public static string Normal(string duckDbType) =>
        DuckDbType.Parse(duckDbType, out _) is { } type && DuckDbType.Of(type) is { } normal ? normal : duckDbType;

    private static string Describe(TableSchema schema) => $"columns ({string.Join(", ", schema.Columns.Select(c => c.Name))})";

    private static string? FirstFault(string path, DeltaType type, SchemaFreedom freedom)
    {
        if (!freedom.AnyName && path.AsSpan().ContainsAny(s_nameForbidden)) return $"column '{path}' holds one of the characters ' ,;{{}}()=', tab or line break: rename it";
        return type switch
        {
            PrimitiveType { Name: "timestamp_ntz" } when !freedom.Ntz =>
                $"column '{path}' is TIMESTAMP, which needs a table feature: use TIMESTAMP WITH TIME ZONE, e.g. CAST it AS TIMESTAMPTZ",
            ArrayType array => FirstFault($"{path}.element", array.Element, freedom),
            MapType map => FirstFault($"{path}.key", map.Key, freedom) ?? FirstFault($"{path}.value", map.Value, freedom),
            StructType fields => fields.Fields.Select(f => FirstFault($"{path}.{f.Name}", f.Type, freedom)).FirstOrDefault(f => f is not null),
            _ => null,
        };
    }
}

using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>Delta types in DuckDB's spelling, and back.</summary>
internal static class DuckDbType
{
    /// <summary>The DuckDB type that holds every value of a Delta type; null when DuckDB (or Sluice) has none.</summary>
    public static string? Of(DeltaType type) => type switch
    {
        PrimitiveType primitive => OfPrimitive(primitive.Name),
        DecimalType number => $"DECIMAL({number.Precision},{number.Scale})",
        ArrayType array => Of(array.Element) is { } element ? element + "[]" : null,
        MapType map => Of(map.Key) is { } key && Of(map.Value) is { } value ? $"MAP({key}, {value})" : null,
        StructType fields => OfStruct(fields),
        _ => null,
    };

    /// <summary>The Delta type of a DuckDB type name.</summary>
    /// <param name="fault">Why there is none, and what to do instead.</param>
    public static DeltaType? Parse(string name, out string fault)
    {
        var parser = new DuckDbTypeParser(name);
        var type = parser.Parse();
        fault = parser.Fault;
        return type;
    }

    private static string? OfPrimitive(string name) => name switch
    {
        "string" => "VARCHAR",
        "long" => "BIGINT",
        "integer" => "INTEGER",
        "short" => "SMALLINT",
        "byte" => "TINYINT",
        "float" => "FLOAT",
        "double" => "DOUBLE",
        "boolean" => "BOOLEAN",
        "binary" => "BLOB",
        "date" => "DATE",
        "timestamp" => "TIMESTAMP WITH TIME ZONE",
        "timestamp_ntz" => "TIMESTAMP",
        // It holds nothing but nulls and stands in no file; DuckDB makes INTEGER of such a column too.
        Features.Void => "INTEGER",
        _ => null,
    };

    private static string? OfStruct(StructType type)
    {
        var fields = new List<string>(type.Fields.Count);
        foreach (var field in type.Fields)
        {
            if (Of(field.Type) is not { } name) return null;
            fields.Add($"{SqlName.Quote(field.Name)} {name}");
        }

        return fields.Count == 0 ? null : $"STRUCT({string.Join(", ", fields)})";
    }
}

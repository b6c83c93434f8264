namespace Sluice.Tables;

/// <summary>Which type may become which without any file being rewritten.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#type-widening</remarks>
internal static class TypeWidening
{
    /// <summary>Where a field's metadata lists the changes of its type.</summary>
    public const string Key = "delta.typeChanges";

    private static readonly string[] s_integers = ["byte", "short", "integer", "long"];

    public static bool Allows(DeltaType from, DeltaType to) => (from, to) switch
    {
        (PrimitiveType { Name: "float" }, PrimitiveType { Name: "double" }) => true,
        (PrimitiveType { Name: "date" }, PrimitiveType { Name: "timestamp_ntz" }) => true,
        (PrimitiveType { Name: "byte" or "short" or "integer" }, PrimitiveType { Name: "double" }) => true,
        (PrimitiveType a, PrimitiveType b) => Rank(a) >= 0 && Rank(b) > Rank(a),
        (DecimalType a, DecimalType b) => b.Scale >= a.Scale && b.Precision - b.Scale >= a.Precision - a.Scale && b != a,
        (PrimitiveType a, DecimalType b) when Rank(a) >= 0 => b.Precision - b.Scale >= (a.Name == "long" ? 20 : 10),
        _ => false,
    };

    /// <summary>The type's name in the schema's JSON.</summary>
    public static string Name(DeltaType type) => type switch
    {
        PrimitiveType primitive => primitive.Name,
        DecimalType number => $"decimal({number.Precision},{number.Scale})",
        _ => throw new InvalidOperationException($"{type.GetType().Name} has no name"),
    };

    /// <summary>A change in a table's past that readers here do not know; null when they know all, as the protocol demands of them.</summary>
    public static string? Fault(StructType schema)
    {
        foreach (var field in Fields(schema))
        {
            if (!field.Has(Key)) continue;
            foreach (var change in field.Metadata.GetProperty(Key).EnumerateArray())
            {
                var (from, to) = (change.GetProperty("fromType").GetString()!, change.GetProperty("toType").GetString()!);
                if (!Allows(SchemaJson.ReadName(from), SchemaJson.ReadName(to))) return $"its column '{field.Name}' was {from} and became {to}, which Sluice cannot read";
            }
        }

        return null;
    }

    /// <summary>Whether files may hold a column in this type, which it had before.</summary>
    public static bool WasEver(StructField field, string type) =>
        field.Has(Key) && field.Metadata.GetProperty(Key).EnumerateArray().Any(change => change.GetProperty("fromType").GetString() == type);

    private static IEnumerable<StructField> Fields(DeltaType type) => type switch
    {
        StructType fields => fields.Fields.SelectMany(f => Fields(f.Type).Prepend(f)),
        ArrayType array => Fields(array.Element),
        MapType map => Fields(map.Key).Concat(Fields(map.Value)),
        _ => [],
    };

    private static int Rank(PrimitiveType type) => Array.IndexOf(s_integers, type.Name);
}

using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>Fields inside structs under column mapping: read by their physical names, then given their own.</summary>
internal static class NestedNames
{
    public static bool Differ(DeltaType type) => type switch
    {
        StructType fields => fields.Fields.Any(f => f.PhysicalName != f.Name || Differ(f.Type)),
        ArrayType array => Differ(array.Element),
        MapType map => Differ(map.Key) || Differ(map.Value),
        _ => false,
    };

    /// <summary>The type with the physical names of its fields.</summary>
    public static DeltaType Physical(DeltaType type) => type switch
    {
        StructType fields => new StructType([.. fields.Fields.Select(f => new StructField(f.PhysicalName, Physical(f.Type), f.Nullable))]),
        ArrayType array => array with { Element = Physical(array.Element) },
        MapType map => map with { Key = Physical(map.Key), Value = Physical(map.Value) },
        _ => type,
    };

    /// <summary>The expression with its fields renamed, from physical names to their own or back; itself when there is nothing to rename.</summary>
    public static string Rename(DeltaType type, string expression, bool toPhysical = false, int depth = 0)
    {
        if (!Differ(type)) return expression;
        var inner = $"e{depth}";
        return type switch
        {
            StructType fields => $"CASE WHEN {expression} IS NULL THEN NULL ELSE struct_pack("
                + $"{string.Join(", ", fields.Fields.Select(f => Field(f, expression, toPhysical, depth)))}) END",
            ArrayType array => $"list_transform({expression}, lambda {inner}: {Rename(array.Element, inner, toPhysical, depth + 1)})",
            MapType map => $"CASE WHEN {expression} IS NULL THEN NULL ELSE map("
                + $"list_transform(map_keys({expression}), lambda {inner}: {Rename(map.Key, inner, toPhysical, depth + 1)}), "
                + $"list_transform(map_values({expression}), lambda {inner}: {Rename(map.Value, inner, toPhysical, depth + 1)})) END",
            _ => expression,
        };
    }

    private static string Field(StructField field, string expression, bool toPhysical, int depth)
    {
        var (from, to) = toPhysical ? (field.Name, field.PhysicalName) : (field.PhysicalName, field.Name);
        return $"{SqlName.Quote(to)} := {Rename(field.Type, $"({expression}).{SqlName.Quote(from)}", toPhysical, depth)}";
    }
}

using System.Globalization;

namespace Sluice.Tables;

internal enum ColumnMappingMode
{
    None,
    Name,
    Id,
}

/// <summary>Whether columns have other names in the files than in the schema.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#column-mapping</remarks>
internal static class ColumnMapping
{
    public const string ModeKey = "delta.columnMapping.mode";
    public const string MaxIdKey = "delta.columnMapping.maxColumnId";
    public const string IdKey = "delta.columnMapping.id";
    public const string PhysicalNameKey = "delta.columnMapping.physicalName";

    public static ColumnMappingMode Mode(TableMetadata metadata) => metadata.Configuration.GetValueOrDefault(ModeKey) switch
    {
        null or "none" => ColumnMappingMode.None,
        "name" => ColumnMappingMode.Name,
        "id" => ColumnMappingMode.Id,
        var other => throw new LogFormatException($"delta.columnMapping.mode is '{other}', which the protocol does not know"),
    };

    /// <summary>The schema with an id and a physical name for every column that has none, and the properties with the highest id.</summary>
    /// <param name="keepNames">Whether files use the columns' own names, since they were there first.</param>
    public static (StructType Schema, IReadOnlyDictionary<string, string> Properties) Assign(
        StructType schema, IReadOnlyDictionary<string, string> properties, Func<Guid> newId, bool keepNames = false)
    {
        var last = properties.TryGetValue(MaxIdKey, out var text) && long.TryParse(text, CultureInfo.InvariantCulture, out var max) ? max : 0;
        var assigned = (StructType)Assign(schema, name => keepNames ? name : $"col-{newId():D}", ref last);
        var with = new Dictionary<string, string>(properties) { [MaxIdKey] = last.ToString(CultureInfo.InvariantCulture) };
        return (assigned, with);
    }

    private static DeltaType Assign(DeltaType type, Func<string, string> physical, ref long last)
    {
        switch (type)
        {
            case StructType fields:
                var assigned = new List<StructField>(fields.Fields.Count);
                foreach (var field in fields.Fields)
                {
                    var own = field.ColumnId is null ? field.With(IdKey, ++last).With(PhysicalNameKey, physical(field.Name)) : field;
                    assigned.Add(own with { Type = Assign(field.Type, physical, ref last) });
                }

                return new StructType(assigned);
            case ArrayType array:
                return array with { Element = Assign(array.Element, physical, ref last) };
            case MapType map:
                var key = Assign(map.Key, physical, ref last);
                return map with { Key = key, Value = Assign(map.Value, physical, ref last) };
            default:
                return type;
        }
    }
}

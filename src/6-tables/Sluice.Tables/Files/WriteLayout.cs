using System.Globalization;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>How rows of a table lie in its files: which columns, under which names, and which values stand in the log instead.</summary>
internal sealed class WriteLayout
{
    public WriteLayout(Snapshot snapshot)
    {
        var schema = snapshot.DeltaSchema;
        var mapped = ColumnMapping.Mode(snapshot.Metadata) != ColumnMappingMode.None;
        Partitions = [.. snapshot.Metadata.PartitionColumns.Select(name => schema.Fields.First(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))];
        var data = schema.Fields.Where(f => !Partitions.Contains(f)).ToArray();
        Data = (StructType)NestedNames.Physical(new StructType(data));
        // Without partitions and other names the select is written as it stands.
        Columns = !mapped && Partitions.Count == 0 ? null : string.Join(", ", data.Select(Column));
        FieldIds = mapped ? $"{{{string.Join(", ", data.Select(FieldId))}}}" : null;
    }

    /// <summary>What the files hold, under the names that the files use.</summary>
    public StructType Data { get; }

    public IReadOnlyList<StructField> Partitions { get; }

    /// <summary>The select list from the table's columns to those of the files; null when they are the same.</summary>
    public string? Columns { get; }

    /// <summary>The value of DuckDB's FIELD_IDS; null when the columns have no ids.</summary>
    public string? FieldIds { get; }

    private static string Column(StructField field) =>
        $"{NestedNames.Rename(field.Type, SqlName.Quote(field.Name), toPhysical: true)} AS {SqlName.Quote(field.PhysicalName)}";

    private static string FieldId(StructField field) => $"{SqlName.Literal(field.PhysicalName)}: {Ids(field.Type, field.ColumnId)}";

    private static string Ids(DeltaType type, long? id)
    {
        var own = id is { } number ? $"__duckdb_field_id: {number.ToString(CultureInfo.InvariantCulture)}" : null;
        var inner = type switch
        {
            StructType fields => fields.Fields.Select(FieldId),
            ArrayType { Element: StructType or ArrayType or MapType } array => [$"element: {Ids(array.Element, null)}"],
            MapType { Value: StructType or ArrayType or MapType } map => [$"value: {Ids(map.Value, null)}"],
            _ => [],
        };
        var parts = inner.Prepend(own).OfType<string>().ToArray();
        return parts.Length == 0 ? "{}" : $"{{{string.Join(", ", parts)}}}";
    }
}

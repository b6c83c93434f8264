using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.Tables;

/// <summary>A type of a Delta schema.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#schema-serialization-format</remarks>
internal abstract record DeltaType;

/// <summary>A type named by one word: string, long, integer, short, byte, float, double, boolean, binary, date, timestamp, timestamp_ntz.</summary>
internal sealed record PrimitiveType(string Name) : DeltaType;

internal sealed record DecimalType(int Precision, int Scale) : DeltaType;

internal sealed record ArrayType(DeltaType Element, bool ContainsNull) : DeltaType;

internal sealed record MapType(DeltaType Key, DeltaType Value, bool ValueContainsNull) : DeltaType;

internal sealed record StructType(IReadOnlyList<StructField> Fields) : DeltaType;

/// <summary>A column, or a field of a struct.</summary>
/// <param name="Metadata">The field's metadata object; undefined when there is none.</param>
internal sealed record StructField(string Name, DeltaType Type, bool Nullable, JsonElement Metadata = default)
{
    /// <summary>The name in Parquet files, stats and partition values: differs from <see cref="Name"/> under column mapping.</summary>
    public string PhysicalName => Text("delta.columnMapping.physicalName") ?? Name;

    /// <summary>The field id in Parquet files that are mapped by id; null without column mapping.</summary>
    public long? ColumnId =>
        Metadata.ValueKind == JsonValueKind.Object && Metadata.TryGetProperty("delta.columnMapping.id", out var id) && id.TryGetInt64(out var value)
            ? value
            : null;

    /// <summary>The field with one more entry in its metadata.</summary>
    public StructField With(string key, JsonNode value)
    {
        var metadata = Metadata.ValueKind == JsonValueKind.Object ? JsonNode.Parse(Metadata.GetRawText())!.AsObject() : [];
        metadata[key] = value;
        return this with { Metadata = JsonSerializer.SerializeToElement(metadata) };
    }

    private string? Text(string key) =>
        Metadata.ValueKind == JsonValueKind.Object && Metadata.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    public bool Has(string key) => Metadata.ValueKind == JsonValueKind.Object && Metadata.TryGetProperty(key, out _);
}

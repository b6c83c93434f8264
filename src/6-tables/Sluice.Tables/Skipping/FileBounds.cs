using System.Text.Json;

namespace Sluice.Tables;

/// <summary>What a file's statistics and partition values say of its rows.</summary>
internal sealed class FileBounds(AddFile file, IReadOnlySet<string> partitions) : IDisposable
{
    private JsonDocument? _stats;
    private bool _parsed;

    public Bound? Min(StructField field) => partitions.Contains(field.Name) ? Partition(field) : Value("minValues", field);

    public Bound? Max(StructField field)
    {
        if (partitions.Contains(field.Name)) return Partition(field);
        var max = Value("maxValues", field);
        return field.Type is PrimitiveType { Name: "timestamp" } ? max?.Widened() : max;
    }

    /// <summary>Whether some row may have no value in a column.</summary>
    public bool MayBeNull(StructField field) =>
        partitions.Contains(field.Name) ? IsNullPartition(field) : Count("nullCount", field) is not 0;

    /// <summary>Whether some row may have a value in a column.</summary>
    public bool MayHaveValue(StructField field) =>
        partitions.Contains(field.Name) ? !IsNullPartition(field) : Count("nullCount", field) is not { } nulls || Rows() is not { } rows || nulls < rows;

    public void Dispose() => _stats?.Dispose();

    private bool IsNullPartition(StructField field) => file.PartitionValues.TryGetValue(field.PhysicalName, out var value) && string.IsNullOrEmpty(value);

    private Bound? Partition(StructField field) =>
        file.PartitionValues.TryGetValue(field.PhysicalName, out var value) && !string.IsNullOrEmpty(value) ? Bound.Of(field.Type, value) : null;

    private Bound? Value(string section, StructField field)
    {
        // A float's shortest text is not the double that it becomes.
        if (Element(section, field) is not { } value || TypeWidening.WasEver(field, "float")) return null;
        return value.ValueKind switch
        {
            JsonValueKind.String => Bound.Of(field.Type, value.GetString()!),
            JsonValueKind.Number when field.Type is not PrimitiveType { Name: "string" } => Bound.Of(field.Type, value.GetRawText()),
            _ => null,
        };
    }

    private long? Count(string section, StructField field) =>
        Element(section, field) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var count) ? count : null;

    private long? Rows() =>
        Stats() is { } stats && stats.TryGetProperty("numRecords", out var rows) && rows.ValueKind == JsonValueKind.Number && rows.TryGetInt64(out var count) ? count : null;

    private JsonElement? Element(string section, StructField field) =>
        Stats() is { } stats && stats.TryGetProperty(section, out var values) && values.ValueKind == JsonValueKind.Object
        && values.TryGetProperty(field.PhysicalName, out var value)
            ? value
            : null;

    private JsonElement? Stats()
    {
        if (!_parsed)
        {
            _parsed = true;
            try
            {
                _stats = !file.StatsText.IsThere ? null : JsonDocument.Parse(file.StatsText.Utf8);
            }
            catch (JsonException)
            {
                // Stats are optional: a text that is none says nothing, and the file is read.
                _stats = null;
            }
        }

        return _stats?.RootElement is { ValueKind: JsonValueKind.Object } root ? root : null;
    }
}

using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sluice.Tables;

/// <summary>The JSON form of a schema, as <c>metaData.schemaString</c> holds it.</summary>
internal static class SchemaJson
{
    /// <summary>The schema of a table that has none yet: old writers left the text out.</summary>
    public const string NoColumns = """{"type":"struct","fields":[]}""";

    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <exception cref="LogFormatException">The text is no schema.</exception>
    public static StructType Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return ReadType(document.RootElement) as StructType ?? throw new LogFormatException("the schema is no struct");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new LogFormatException($"the schema is not as the protocol writes it: {e.Message}", e);
        }
    }

    public static string Write(StructType schema)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer, s_options);
        WriteType(json, schema);
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static DeltaType ReadType(JsonElement type)
    {
        if (type.ValueKind == JsonValueKind.String) return ReadName(type.GetString()!);
        return type.GetProperty("type").GetString() switch
        {
            "struct" => new StructType([.. type.GetProperty("fields").EnumerateArray().Select(ReadField)]),
            "array" => new ArrayType(ReadType(type.GetProperty("elementType")), Flag(type, "containsNull")),
            "map" => new MapType(ReadType(type.GetProperty("keyType")), ReadType(type.GetProperty("valueType")), Flag(type, "valueContainsNull")),
            var other => throw new LogFormatException($"the schema holds the unknown type '{other}'"),
        };
    }

    private static StructField ReadField(JsonElement field) => new(
        field.GetProperty("name").GetString()!,
        ReadType(field.GetProperty("type")),
        Flag(field, "nullable"),
        field.TryGetProperty("metadata", out var metadata) ? metadata.Clone() : default);

    private static bool Flag(JsonElement element, string name) => !element.TryGetProperty(name, out var flag) || flag.GetBoolean();

    /// <summary>A type that is named by a text.</summary>
    /// <exception cref="LogFormatException">The text is no type.</exception>
    public static DeltaType ReadName(string name)
    {
        if (name == "decimal") return new DecimalType(10, 0);
        if (!name.StartsWith("decimal(", StringComparison.Ordinal)) return new PrimitiveType(name);
        var sizes = name["decimal(".Length..].TrimEnd(')').Split(',');
        if (sizes.Length == 2
            && int.TryParse(sizes[0], NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var precision)
            && int.TryParse(sizes[1], NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var scale))
        {
            return new DecimalType(precision, scale);
        }

        throw new LogFormatException($"the schema holds the unknown type '{name}'");
    }

    private static void WriteType(Utf8JsonWriter json, DeltaType type)
    {
        switch (type)
        {
            case PrimitiveType primitive:
                json.WriteStringValue(primitive.Name);
                break;
            case DecimalType number:
                json.WriteStringValue($"decimal({number.Precision},{number.Scale})");
                break;
            case ArrayType array:
                json.WriteStartObject();
                json.WriteString("type", "array");
                json.WritePropertyName("elementType");
                WriteType(json, array.Element);
                json.WriteBoolean("containsNull", array.ContainsNull);
                json.WriteEndObject();
                break;
            case MapType map:
                json.WriteStartObject();
                json.WriteString("type", "map");
                json.WritePropertyName("keyType");
                WriteType(json, map.Key);
                json.WritePropertyName("valueType");
                WriteType(json, map.Value);
                json.WriteBoolean("valueContainsNull", map.ValueContainsNull);
                json.WriteEndObject();
                break;
            case StructType fields:
                json.WriteStartObject();
                json.WriteString("type", "struct");
                json.WriteStartArray("fields");
                foreach (var field in fields.Fields) WriteField(json, field);
                json.WriteEndArray();
                json.WriteEndObject();
                break;
            default:
                throw new InvalidOperationException($"{type.GetType().Name} has no JSON form");
        }
    }

    private static void WriteField(Utf8JsonWriter json, StructField field)
    {
        json.WriteStartObject();
        json.WriteString("name", field.Name);
        json.WritePropertyName("type");
        WriteType(json, field.Type);
        json.WriteBoolean("nullable", field.Nullable);
        json.WritePropertyName("metadata");
        if (field.Metadata.ValueKind == JsonValueKind.Object)
        {
            field.Metadata.WriteTo(json);
        }
        else
        {
            json.WriteStartObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}

using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Sluice.KafkaRest.Http;

namespace Sluice.KafkaRest.Produce;

/// <summary>
/// Reads a v2 produce request, <c>{"records":[{"key":k,"value":v,"partition":p}],...}</c>, into slices of its own bytes: a
/// JSON key or value is kept exactly as it was sent.
/// </summary>
internal static class ProduceParser
{
    /// <summary>The records are nested this deep themselves: the envelope, the array, the record.</summary>
    private const int EnvelopeDepth = 3;

    private const int FieldNameCharsShown = 100;

    [Flags]
    private enum Fields
    {
        None = 0,
        Records = 1,
        KeySchema = 2,
        KeySchemaId = 4,
        ValueSchema = 8,
        ValueSchemaId = 16,
        Key = 32,
        Value = 64,
        Partition = 128,
    }

    public static RestError? Parse(ProduceState state, EmbeddedFormat format, KafkaRestOptions options)
    {
        var body = state.Body;
        if (body.StartsWith("\uFEFF"u8)) body[..3].Fill((byte)' ');
        if (body.Trim(" \t\r\n"u8).IsEmpty) return RestError.NullPayload;
        if (!Utf8.IsValid(body)) return RestError.BadRequest("Malformed JSON: the request body is not valid UTF-8.");
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = options.JsonDepthMax + EnvelopeDepth });
        try
        {
            return ParseEnvelope(ref reader, state, format, options.RequestRecordsMax) ?? CheckSchemas(state, format);
        }
        catch (JsonException malformed)
        {
            return RestError.BadRequest("Malformed JSON: " + malformed.Message);
        }
        catch (InvalidOperationException)
        {
            // The reader's answer to half of a surrogate pair in an escaped name or base64 text.
            return RestError.BadRequest("Malformed JSON: a string holds an unpaired surrogate escape.");
        }
    }

    private static RestError? ParseEnvelope(ref Utf8JsonReader reader, ProduceState state, EmbeddedFormat format, int recordsMax)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return RestError.NullPayload;
        if (reader.TokenType != JsonTokenType.StartObject) return WrongType("the request body", "an object", reader.TokenType);

        var seen = Fields.None;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = EnvelopeField(ref reader);
            if (Refuse(ref reader, field, ref seen) is { } refusal) return refusal;
            reader.Read();
            var error = field == Fields.Records
                ? ParseRecords(ref reader, state, format, recordsMax)
                : ParseSchemaField(ref reader, state, field);
            if (error is not null) return error;
        }

        reader.Read();
        if (state.RecordCount > 0) return null;
        return RestError.Unprocessable("records must not be empty (was " + (seen.HasFlag(Fields.Records) ? "[])" : "null)"));
    }

    private static RestError? ParseRecords(ref Utf8JsonReader reader, ProduceState state, EmbeddedFormat format, int recordsMax)
    {
        if (reader.TokenType == JsonTokenType.Null) return null;
        if (reader.TokenType != JsonTokenType.StartArray) return WrongType("records", "an array", reader.TokenType);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (state.RecordCount == recordsMax)
            {
                return RestError.TooLarge with { Message = $"A request holds at most {recordsMax} records. Send several requests." };
            }

            if (ParseRecord(ref reader, state, format) is { } error) return error;
        }

        return null;
    }

    private static RestError? ParseRecord(ref Utf8JsonReader reader, ProduceState state, EmbeddedFormat format)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return WrongType($"records[{state.RecordCount}]", "an object", reader.TokenType);
        }

        var record = new ProduceRecord
        {
            Key = BodySlice.Null, Value = BodySlice.Null, Partition = ProduceRecord.NoPartition,
        };
        var seen = Fields.None;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = RecordField(ref reader);
            if (Refuse(ref reader, field, ref seen) is { } refusal) return refusal;
            reader.Read();
            var error = field switch
            {
                Fields.Key => ParseData(ref reader, state.Body, format, RestError.KeyNotBase64, out record.Key),
                Fields.Value => ParseData(ref reader, state.Body, format, RestError.ValueNotBase64, out record.Value),
                _ => ParsePartition(ref reader, state.RecordCount, out record.Partition),
            };
            if (error is not null) return error;
        }

        state.AddRecord(record);
        return null;
    }

    private static RestError? ParseData(
        ref Utf8JsonReader reader, Span<byte> body, EmbeddedFormat format, RestError notBase64, out BodySlice slice)
    {
        slice = BodySlice.Null;
        if (reader.TokenType == JsonTokenType.Null) return null;
        if (format == EmbeddedFormat.Binary)
        {
            var isText = reader.TokenType == JsonTokenType.String;
            return isText && EmbeddedBase64.TryDecode(ref reader, body, out slice) ? null : notBase64;
        }

        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        slice = new BodySlice(start, (int)reader.BytesConsumed - start);
        return null;
    }

    private static RestError? ParsePartition(ref Utf8JsonReader reader, int index, out int partition)
    {
        partition = ProduceRecord.NoPartition;
        if (reader.TokenType == JsonTokenType.Null) return null;
        if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out partition))
        {
            return RestError.BadRequest($"records[{index}].partition must be a 32-bit integer.");
        }

        return partition >= 0
            ? null
            : RestError.Unprocessable($"records[{index}].partition must be greater than or equal to 0 (was {partition})");
    }

    private static RestError? ParseSchemaField(ref Utf8JsonReader reader, ProduceState state, Fields field)
    {
        if (reader.TokenType == JsonTokenType.Null) return null;
        var isId = field is Fields.KeySchemaId or Fields.ValueSchemaId;
        var fits = isId
            ? reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out _)
            : reader.TokenType == JsonTokenType.String;
        if (!fits) return WrongType(NameOf(field), isId ? "a 32-bit integer" : "a string", reader.TokenType);
        if (field is Fields.KeySchema or Fields.KeySchemaId) state.HasKeySchema = true;
        else state.HasValueSchema = true;
        return null;
    }

    /// <summary>Formats with a schema need a Schema Registry, which this proxy has none of; what is missing first is said first.</summary>
    private static RestError? CheckSchemas(ProduceState state, EmbeddedFormat format)
    {
        if (format is EmbeddedFormat.Json or EmbeddedFormat.Binary) return null;
        foreach (ref readonly var record in state.Records)
        {
            if (!record.Key.IsNull && !state.HasKeySchema) return RestError.KeySchemaMissing;
            if (!record.Value.IsNull && !state.HasValueSchema) return RestError.ValueSchemaMissing;
        }

        return RestError.NoSchemaRegistry;
    }

    private static Fields EnvelopeField(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("records"u8) ? Fields.Records
        : reader.ValueTextEquals("key_schema"u8) ? Fields.KeySchema
        : reader.ValueTextEquals("key_schema_id"u8) ? Fields.KeySchemaId
        : reader.ValueTextEquals("value_schema"u8) ? Fields.ValueSchema
        : reader.ValueTextEquals("value_schema_id"u8) ? Fields.ValueSchemaId
        : Fields.None;

    private static Fields RecordField(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("value"u8) ? Fields.Value
        : reader.ValueTextEquals("key"u8) ? Fields.Key
        : reader.ValueTextEquals("partition"u8) ? Fields.Partition
        : Fields.None;

    /// <summary>An unknown field, or one given twice: which of the two was meant cannot be known.</summary>
    private static RestError? Refuse(ref Utf8JsonReader reader, Fields field, ref Fields seen)
    {
        if (field == Fields.None) return RestError.UnrecognizedField(Shown(ref reader));
        if (seen.HasFlag(field)) return RestError.Unprocessable("Duplicate field: " + NameOf(field));
        seen |= field;
        return null;
    }

    private static string Shown(ref Utf8JsonReader reader)
    {
        var name = reader.ValueIsEscaped ? reader.GetString()! : Encoding.UTF8.GetString(reader.ValueSpan);
        return name.Length <= FieldNameCharsShown ? name : string.Concat(name.AsSpan(0, FieldNameCharsShown), "...");
    }

    private static string NameOf(Fields field) => field switch
    {
        Fields.Records => "records",
        Fields.KeySchema => "key_schema",
        Fields.KeySchemaId => "key_schema_id",
        Fields.ValueSchema => "value_schema",
        Fields.ValueSchemaId => "value_schema_id",
        Fields.Key => "key",
        Fields.Value => "value",
        _ => "partition",
    };

    private static RestError WrongType(string what, string wanted, JsonTokenType found) =>
        RestError.BadRequest($"{what} must be {wanted} (was {Described(found)}).");

    private static string Described(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "a boolean",
    };
}

using System.Text.Json;
using System.Text.Unicode;

namespace Sluice.Sink;

/// <summary>
/// A value as one line of JSON. A value that is one JSON text without white space between its tokens is passed on byte for byte.
/// Any other is written token by token without the white space, as Jackson writes it; but numbers and strings keep their own
/// spelling (<c>1.50</c>, <c>1e5</c>, <c>\u00e9</c> or <c>é</c>), where Jackson would write them anew.
/// </summary>
internal static class JsonLine
{
    private static readonly JsonReaderOptions s_strict = new() { MaxDepth = SinkLimits.JsonDepth };

    /// <summary>Appends the value without a line end; false, with nothing appended, when it is not one JSON text in UTF-8 (RFC 8259).</summary>
    public static bool TryAppend(ReadOnlySpan<byte> value, LineBuffer line)
    {
        if (!Utf8.IsValid(value)) return false;
        try
        {
            if (CompactLength(value) == value.Length) line.Append(value);
            else AppendCompact(value, line);
            return true;
        }
        catch (JsonException)
        {
            // Utf8JsonReader has no other way to say that a text is no JSON.
            return false;
        }
    }

    /// <summary>The length of the text without the white space between its tokens.</summary>
    private static int CompactLength(ReadOnlySpan<byte> value)
    {
        var reader = new Utf8JsonReader(value, s_strict);
        var length = 0;
        var previous = JsonTokenType.None;
        while (reader.Read())
        {
            var token = reader.TokenType;
            length += reader.ValueSpan.Length + (EndsValue(previous) && !IsEnd(token) ? 1 : 0);
            // Quotes, and the colon after a name. The span of a bracket is the bracket.
            if (token == JsonTokenType.String) length += 2;
            else if (token == JsonTokenType.PropertyName) length += 3;
            previous = token;
        }

        return length;
    }

    private static void AppendCompact(ReadOnlySpan<byte> value, LineBuffer line)
    {
        var reader = new Utf8JsonReader(value, s_strict);
        var previous = JsonTokenType.None;
        while (reader.Read())
        {
            var token = reader.TokenType;
            if (EndsValue(previous) && !IsEnd(token)) line.Append((byte)',');
            var quoted = token is JsonTokenType.String or JsonTokenType.PropertyName;
            if (quoted) line.Append((byte)'"');
            line.Append(reader.ValueSpan);
            if (quoted) line.Append((byte)'"');
            if (token == JsonTokenType.PropertyName) line.Append((byte)':');
            previous = token;
        }
    }

    private static bool IsEnd(JsonTokenType token) => token is JsonTokenType.EndObject or JsonTokenType.EndArray;

    private static bool EndsValue(JsonTokenType token) =>
        token is not (JsonTokenType.None or JsonTokenType.StartObject or JsonTokenType.StartArray or JsonTokenType.PropertyName);
}

using System.Text.Json;

namespace Sluice.Gateway.Kinesis;

/// <summary>A value of a JSON text as it stands there; nothing when <see cref="Type"/> is <see cref="JsonTokenType.None"/>.</summary>
internal readonly ref struct JsonSlice(ReadOnlySpan<byte> text, JsonTokenType type)
{
    public ReadOnlySpan<byte> Text { get; } = text;

    public JsonTokenType Type { get; } = type;

    /// <summary>Whether there is no value, or null.</summary>
    public bool IsMissing => Type is JsonTokenType.None or JsonTokenType.Null;

    /// <summary>Reads the value the reader stands on, to its end.</summary>
    public static JsonSlice Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        var start = (int)reader.TokenStartIndex;
        var type = reader.TokenType;
        reader.Skip();
        return new JsonSlice(json[start..(int)reader.BytesConsumed], type);
    }

    /// <summary>
    /// Reads an object to its end and finds two of its members; of several with one name the last. What is no object has no members.
    /// </summary>
    public static void ReadMembers(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> json, ReadOnlySpan<byte> firstName, ReadOnlySpan<byte> secondName, out JsonSlice first, out JsonSlice second)
    {
        first = default;
        second = default;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isFirst = reader.ValueTextEquals(firstName);
            var isSecond = !isFirst && reader.ValueTextEquals(secondName);
            reader.Read();
            var value = Read(ref reader, json);
            if (isFirst) first = value;
            else if (isSecond) second = value;
        }
    }
}

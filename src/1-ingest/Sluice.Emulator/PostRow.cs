using System.Text.Json;

namespace Sluice.Emulator;

/// <summary>A row as it is posted.</summary>
/// <param name="Json">The row, a JSON object.</param>
/// <param name="Key">The partition key as a JSON text, empty where posts have none.</param>
internal readonly record struct PostRow(ReadOnlyMemory<byte> Json, ReadOnlyMemory<byte> Key)
{
    /// <summary>Whether the key must be put in quotes to be a string: as a number it has none.</summary>
    public bool IsKeyBare => !Key.IsEmpty && Key.Span[0] != (byte)'"';

    /// <summary>A row whose key is the value of one of its columns, sliced out of it.</summary>
    /// <exception cref="InvalidDataException">It has no such column, or one whose value is neither text nor number.</exception>
    public static PostRow Of(ReadOnlyMemory<byte> json, string keyColumn)
    {
        var reader = new Utf8JsonReader(json.Span);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isKey = reader.ValueTextEquals(keyColumn);
            reader.Read();
            if (isKey && reader.TokenType is JsonTokenType.String or JsonTokenType.Number)
            {
                return new PostRow(json, json[(int)reader.TokenStartIndex..(int)reader.BytesConsumed]);
            }

            reader.Skip();
        }

        throw new InvalidDataException($"A row has no text or number in '{keyColumn}', which is to be its partition key; give one partition key for all.");
    }
}

using System.Buffers;
using System.Text.Json;
using Sluice.Bytes;

namespace Sluice.KafkaRest.Produce;

/// <summary>Decodes the base64 text of a binary key or value in place, in the body that holds it.</summary>
internal static class EmbeddedBase64
{
    /// <summary>
    /// Decodes the string at the reader; padding may be missing at the end and may be nowhere else, white space may not be there. The decoded bytes replace the
    /// text, which the reader has already passed.
    /// </summary>
    public static bool TryDecode(ref Utf8JsonReader reader, Span<byte> body, out BodySlice decoded)
    {
        decoded = BodySlice.Null;
        var start = (int)reader.TokenStartIndex + 1;
        var text = body[start..((int)reader.BytesConsumed - 1)];
        if (reader.ValueIsEscaped) text = text[..Unescape(ref reader, text)];
        text = TrimPadding(text);
        if (text.Contains((byte)'=')) return false;

        var tail = text.Length % 4;
        var whole = text[..^tail];
        if (!Base64InPlace.TryDecode(whole, out var written)) return false;
        if (tail > 0)
        {
            Span<byte> padded = [(byte)'=', (byte)'=', (byte)'=', (byte)'='];
            text[^tail..].CopyTo(padded);
            if (!Base64InPlace.TryDecode(padded, out var rest)) return false;
            padded[..rest].CopyTo(text[written..]);
            written += rest;
        }

        decoded = new BodySlice(start, written);
        return true;
    }

    private static Span<byte> TrimPadding(Span<byte> text)
    {
        if (text.Length % 4 != 0) return text;
        var padding = text.EndsWith("=="u8) ? 2 : text.EndsWith("="u8) ? 1 : 0;
        return text[..^padding];
    }

    private static int Unescape(ref Utf8JsonReader reader, scoped Span<byte> text)
    {
        var rented = ArrayPool<byte>.Shared.Rent(text.Length);
        var length = reader.CopyString(rented.AsSpan());
        rented.AsSpan(0, length).CopyTo(text);
        ArrayPool<byte>.Shared.Return(rented);
        return length;
    }
}

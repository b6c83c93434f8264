using System.Buffers;
using System.Buffers.Text;

namespace Sluice.Bytes;

/// <summary>Decodes base64 (RFC 4648, section 4) into the place of its text.</summary>
public static class Base64InPlace
{
    /// <summary>Text decoded at once: small enough for the stack and the first cache, large enough for the vectors of the decoder.</summary>
    private const int ChunkChars = 2048;

    /// <summary>
    /// Replaces the beginning of the text, which is padded and has no white space, by its bytes. False when it is no such text, whose
    /// beginning may be overwritten then.
    /// </summary>
    /// <remarks>The decoder of the runtime that works in place takes a step per character; the one with a target of its own takes vectors.</remarks>
    public static bool TryDecode(Span<byte> text, out int written)
    {
        written = 0;
        if (text.Length % 4 != 0 || text.ContainsAny(" \t\r\n"u8)) return false;
        Span<byte> bytes = stackalloc byte[ChunkChars / 4 * 3];
        for (var start = 0; start < text.Length; start += ChunkChars)
        {
            var isLast = text.Length - start <= ChunkChars;
            var chunk = isLast ? text[start..] : text.Slice(start, ChunkChars);
            if (Base64.DecodeFromUtf8(chunk, bytes, out _, out var length, isLast) != OperationStatus.Done) return false;
            bytes[..length].CopyTo(text[written..]);
            written += length;
        }

        return true;
    }
}

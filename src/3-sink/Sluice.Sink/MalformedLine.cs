using System.Text;

namespace Sluice.Sink;

/// <summary>
/// A value that is not JSON, as one line of UTF-8 that is not JSON either and from which the value can be told exactly.
/// </summary>
/// <remarks>
/// A value of UTF-8 text without control characters is its own line. Every other value, an empty or blank one, and one that
/// itself begins with the mark, is written as the mark <c>!escaped </c> and then its bytes, where a control character (0x00 to
/// 0x1F, 0x7F) and a byte that is not part of a UTF-8 character is <c>\xHH</c> (upper-case hex), and a backslash is <c>\\</c>.
/// The mark is what keeps the line from being JSON: escaping a raw line break inside a string would otherwise mend it.
/// </remarks>
public static class MalformedLine
{
    private static ReadOnlySpan<byte> Mark => "!escaped "u8;

    /// <summary>Appends the line without its end.</summary>
    internal static void Append(ReadOnlySpan<byte> value, LineBuffer line)
    {
        if (IsOwnLine(value))
        {
            line.Append(value);
            return;
        }

        line.Append(Mark);
        while (!value.IsEmpty)
        {
            var valid = Rune.DecodeFromUtf8(value, out var rune, out var length) == System.Buffers.OperationStatus.Done;
            var bytes = value[..length];
            if (!valid || IsControl(rune)) AppendHex(bytes, line);
            else if (rune.Value == '\\') line.Append("\\\\"u8);
            else line.Append(bytes);
            value = value[length..];
        }
    }

    private static bool IsOwnLine(ReadOnlySpan<byte> value)
    {
        if (value.StartsWith(Mark) || value.Trim((byte)' ').IsEmpty) return false;
        return !value.ContainsAnyInRange((byte)0, (byte)0x1F) && !value.Contains((byte)0x7F) && System.Text.Unicode.Utf8.IsValid(value);
    }

    private static bool IsControl(Rune rune) => rune.Value is < 0x20 or 0x7F;

    private static void AppendHex(ReadOnlySpan<byte> bytes, LineBuffer line)
    {
        foreach (var b in bytes)
        {
            line.Append("\\x"u8);
            line.Append(HexDigit(b >> 4));
            line.Append(HexDigit(b & 15));
        }
    }

    private static byte HexDigit(int value) => (byte)(value < 10 ? '0' + value : 'A' + value - 10);
}

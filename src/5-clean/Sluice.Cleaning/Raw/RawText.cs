using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Sluice.Cleaning.Raw;

/// <summary>
/// A raw record as the text that the quarantine shows. UTF-8 without NUL is itself. Anything else is <c>!escaped </c> and then its
/// bytes, where a backslash is <c>\\</c>, and NUL and each byte that is not part of a UTF-8 character is <c>\xHH</c>: nothing is lost.
/// It is the form in which the sink writes values that are no line of text, and no JSON begins with it.
/// </summary>
internal static class RawText
{
    public const string EscapedMark = "!escaped ";

    public static string Of(ReadOnlySpan<byte> record)
    {
        if (Utf8.IsValid(record) && !record.Contains((byte)0)) return Encoding.UTF8.GetString(record);
        var text = new StringBuilder(EscapedMark, EscapedMark.Length + record.Length);
        Span<char> units = stackalloc char[2];
        while (!record.IsEmpty)
        {
            var valid = Rune.DecodeFromUtf8(record, out var rune, out var length) == OperationStatus.Done;
            if (valid && rune.Value == '\\') text.Append(@"\\");
            else if (valid && rune.Value != 0) text.Append(units[..rune.EncodeToUtf16(units)]);
            else foreach (var b in record[..length]) text.Append(CultureInfo.InvariantCulture, $"\\x{b:X2}");
            record = record[length..];
        }

        return text.ToString();
    }
}

using System.Text;
using Sluice.Source.Rows;

namespace Sluice.Source.Generate;

/// <summary>Text that stands in the file.</summary>
internal sealed class LiteralNode : Node
{
    private readonly byte[] _text;

    public LiteralNode(string text, ValueKind kind)
    {
        Text = text;
        Kind = kind;
        var row = new RowBuffer();
        row.AppendEscaped(Encoding.UTF8.GetBytes(text));
        _text = row.Take().ToArray();
    }

    public string Text { get; }

    public override ValueKind Kind { get; }

    public override void Write(in DrawPoint at, RowBuffer row) => row.Append(_text);

    public override void WriteValue(in DrawPoint at, RowBuffer row, bool quoted)
    {
        if (Kind == ValueKind.Null)
        {
            RowShape.WriteNull(row);
        }
        else
        {
            base.WriteValue(at, row, quoted);
        }
    }
}

/// <summary>Parts one behind the other: "a {b} c".</summary>
internal sealed class TemplateNode(Node[] parts) : Node
{
    public override ValueKind Kind => ValueKind.Text;

    public override void Write(in DrawPoint at, RowBuffer row)
    {
        foreach (var part in parts)
        {
            part.Write(at, row);
        }
    }
}

/// <summary>Several draws of one generator with a separator between.</summary>
internal sealed class ListNode(Node item, LiteralNode separator, int least, int most, ulong salt) : Node
{
    public override ValueKind Kind => ValueKind.Text;

    public override void Write(in DrawPoint at, RowBuffer row)
    {
        var count = least + at.Below(most - least + 1, salt);
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
            {
                separator.Write(at, row);
            }

            item.Write(at.Item(i + 1), row);
        }
    }
}

/// <summary>Text that is cut when it is longer than a drawn number of characters, with a tail in place of what is cut.</summary>
internal sealed class CutNode(Node text, LiteralNode tail, int least, int most, ulong salt) : Node
{
    public override ValueKind Kind => ValueKind.Text;

    public override void Write(in DrawPoint at, RowBuffer row)
    {
        var start = row.Length;
        text.Write(at, row);
        var longest = least + (int)at.Below(most - least + 1, salt);
        if (row.Length - start <= longest)
        {
            return;
        }

        var cut = EscapedText.Skip(row.Row[start..], longest);
        if (start + cut < row.Length)
        {
            row.Truncate(start + cut);
            tail.Write(at, row);
        }
    }
}

/// <summary>The characters of a text from one place to another: "{name[0..2]}".</summary>
internal sealed class SliceNode(Node text, int first, int end) : Node
{
    public override ValueKind Kind => ValueKind.Text;

    public override void Write(in DrawPoint at, RowBuffer row)
    {
        var start = row.Length;
        text.Write(at, row);
        var written = row.Row[start..];
        var from = EscapedText.Skip(written, first);
        var length = EscapedText.Skip(written[from..], end - first);
        var kept = written.Slice(from, length).ToArray();
        row.Truncate(start);
        row.Append(kept);
    }
}

/// <summary>A version 4 UUID of RFC 9562, in lower case.</summary>
internal sealed class UuidNode(ulong salt) : Node
{
    public override ValueKind Kind => ValueKind.Text;

    public override void Write(in DrawPoint at, RowBuffer row)
    {
        const int DigitCount = 32;
        Span<byte> digits = stackalloc byte[DigitCount];
        HexNode.Fill(at, salt, digits);
        digits[12] = (byte)'4';
        digits[16] = (byte)"89ab"[(int)(at.Bits(salt) & 3)];
        var text = row.Reserve(DigitCount + 4);
        var from = 0;
        foreach (var group in (ReadOnlySpan<int>)[8, 4, 4, 4, 12])
        {
            digits.Slice(from, group).CopyTo(text);
            from += group;
            if (from < DigitCount)
            {
                text[group] = (byte)'-';
                text = text[(group + 1)..];
            }
        }
    }
}

/// <summary>Hexadecimal digits in lower case.</summary>
internal sealed class HexNode(int digits, ulong salt) : Node
{
    public override ValueKind Kind => ValueKind.Text;

    public static void Fill(in DrawPoint at, ulong salt, Span<byte> digits)
    {
        const int PerDraw = 16;
        ulong bits = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            if (i % PerDraw == 0)
            {
                bits = at.Bits(salt + 1 + (ulong)i);
            }

            digits[i] = "0123456789abcdef"u8[(int)(bits & 15)];
            bits >>= 4;
        }
    }

    public override void Write(in DrawPoint at, RowBuffer row) => Fill(at, salt, row.Reserve(digits));
}

/// <summary>Text as <see cref="RowBuffer.AppendEscaped"/> writes it.</summary>
internal static class EscapedText
{
    /// <summary>Bytes that the first characters of a text take; all of it when it has fewer.</summary>
    public static int Skip(ReadOnlySpan<byte> text, int characters)
    {
        const int UnicodeEscape = 6;
        var at = 0;
        for (; characters > 0 && at < text.Length; characters--)
        {
            if (text[at] == (byte)'\\')
            {
                at += text[at + 1] == (byte)'u' ? UnicodeEscape : 2;
                continue;
            }

            Rune.DecodeFromUtf8(text[at..], out _, out var bytes);
            at += bytes;
        }

        return at;
    }
}

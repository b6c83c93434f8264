using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Sluice.Source.Rows;

/// <summary>
/// Writes rows of JSON one behind the other into arrays that are never reused, so that a row handed out stays valid for
/// as long as it is referenced and costs a fraction of an allocation.
/// </summary>
internal sealed class RowBuffer
{
    private static readonly SearchValues<byte> s_escaped = SearchValues.Create(EscapedBytes());
    private byte[] _chunk = [];
    private int _start;
    private int _end;

    /// <summary>Bytes of the row so far.</summary>
    public ReadOnlySpan<byte> Row => _chunk.AsSpan(_start, _end - _start);

    /// <summary>Length of the row so far, in bytes.</summary>
    public int Length => _end - _start;

    /// <summary>Takes back the end of the row, down to a length it had.</summary>
    public void Truncate(int length) => _end = _start + length;

    /// <summary>Ends the row and begins the next.</summary>
    public ReadOnlyMemory<byte> Take()
    {
        var row = _chunk.AsMemory(_start, _end - _start);
        _start = _end;
        return row;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_chunk.Length - _end < bytes.Length)
        {
            Grow(bytes.Length);
        }

        bytes.CopyTo(_chunk.AsSpan(_end));
        _end += bytes.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(byte value)
    {
        if (_chunk.Length == _end)
        {
            Grow(1);
        }

        _chunk[_end++] = value;
    }

    /// <summary>A span of this many bytes at the end of the row, to be filled by the caller.</summary>
    public Span<byte> Reserve(int length)
    {
        if (_chunk.Length - _end < length)
        {
            Grow(length);
        }

        var span = _chunk.AsSpan(_end, length);
        _end += length;
        return span;
    }

    public void AppendInteger(long value)
    {
        const int LongestInt64 = 20;
        var span = Reserve(LongestInt64);
        Utf8Formatter.TryFormat(value, span, out var written);
        _end -= LongestInt64 - written;
    }

    /// <summary>The shortest text that reads back as the same number, with ".0" on a whole one, as Python writes floats.</summary>
    public void AppendDouble(double value) => AppendFormatted(value, default);

    /// <summary>As <see cref="AppendDouble"/>, in single precision: what MySQL shows of a FLOAT.</summary>
    public void AppendSingle(float value) => AppendFormatted(value, default);

    /// <summary>A number of at most this many significant digits.</summary>
    public void AppendDouble(double value, string format) => AppendFormatted(value, format);

    /// <summary>UTF-8 text, escaped as much as JSON demands and no more: quotes, backslashes and control characters.</summary>
    public void AppendEscaped(ReadOnlySpan<byte> text)
    {
        while (true)
        {
            var special = text.IndexOfAny(s_escaped);
            Append(special < 0 ? text : text[..special]);
            if (special < 0)
            {
                return;
            }

            AppendEscape(text[special]);
            text = text[(special + 1)..];
        }
    }

    public void AppendQuoted(ReadOnlySpan<byte> text)
    {
        Append((byte)'"');
        AppendEscaped(text);
        Append((byte)'"');
    }

    private void AppendFormatted<T>(T value, string? format)
        where T : IUtf8SpanFormattable
    {
        const int LongestNumber = 32;
        var span = Reserve(LongestNumber);
        value.TryFormat(span, out var written, format, CultureInfo.InvariantCulture);
        _end -= LongestNumber - written;
        if (span[..written].IndexOfAny((byte)'.', (byte)'E') < 0)
        {
            Append(".0"u8);
        }
    }

    private void AppendEscape(byte c)
    {
        Append((byte)'\\');
        switch (c)
        {
            case (byte)'"' or (byte)'\\':
                Append(c);
                break;
            case (byte)'\n':
                Append((byte)'n');
                break;
            case (byte)'\r':
                Append((byte)'r');
                break;
            case (byte)'\t':
                Append((byte)'t');
                break;
            default:
                Append("u00"u8);
                Append((byte)"0123456789abcdef"[c >> 4]);
                Append((byte)"0123456789abcdef"[c & 15]);
                break;
        }
    }

    private void Grow(int more)
    {
        var row = Row;
        var size = Math.Max(SourceLimits.ChunkBytes, 2 * (row.Length + more));
        var chunk = GC.AllocateUninitializedArray<byte>(size);
        row.CopyTo(chunk);
        (_chunk, _start, _end) = (chunk, 0, row.Length);
    }

    private static byte[] EscapedBytes() => [.. Enumerable.Range(0, 0x20).Select(c => (byte)c), (byte)'"', (byte)'\\'];
}

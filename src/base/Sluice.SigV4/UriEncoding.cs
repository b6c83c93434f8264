using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Sluice.Bytes;

namespace Sluice.SigV4;

/// <summary>Percent-encoding as AWS signs it: everything but A-Z a-z 0-9 - . _ ~ becomes %XX with capital digits.</summary>
internal static class UriEncoding
{
    private static readonly SearchValues<char> s_unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    /// <summary>Encodes text that is taken as it stands: a percent sign becomes %25.</summary>
    public static void Write(ByteWriter output, ReadOnlySpan<char> text, bool keepSlash)
    {
        if (!text.ContainsAnyExcept(s_unreserved))
        {
            Encoding.ASCII.GetBytes(text, output.GetSpan(text.Length));
            output.Advance(text.Length);
            return;
        }

        var rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        var count = Encoding.UTF8.GetBytes(text, rented);
        WriteBytes(output, rented.AsSpan(0, count), keepSlash);
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>Decodes %XX, then encodes: text that different clients encoded differently comes out the same.</summary>
    public static void WriteReencoded(ByteWriter output, ReadOnlySpan<char> text, bool keepSlash)
    {
        if (!text.Contains('%'))
        {
            Write(output, text, keepSlash);
            return;
        }

        var rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        var count = Encoding.UTF8.GetBytes(text, rented);
        WriteBytes(output, rented.AsSpan(0, Decode(rented.AsSpan(0, count))), keepSlash);
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>The text without its percent-encoding.</summary>
    public static string Decoded(ReadOnlySpan<char> text)
    {
        if (!text.Contains('%')) return text.ToString();
        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        return Encoding.UTF8.GetString(bytes, 0, Decode(bytes));
    }

    /// <summary>Decodes in place and returns the new length; a percent sign that begins no %XX stays.</summary>
    private static int Decode(Span<byte> bytes)
    {
        var to = 0;
        for (var from = 0; from < bytes.Length; from++)
        {
            if (bytes[from] == '%' && from + 2 < bytes.Length
                && Utf8Parser.TryParse(bytes.Slice(from + 1, 2), out byte value, out var used, 'X') && used == 2)
            {
                bytes[to++] = value;
                from += 2;
            }
            else
            {
                bytes[to++] = bytes[from];
            }
        }

        return to;
    }

    private static void WriteBytes(ByteWriter output, ReadOnlySpan<byte> bytes, bool keepSlash)
    {
        foreach (var value in bytes)
        {
            if (value < 0x80 && (s_unreserved.Contains((char)value) || (keepSlash && value == '/')))
            {
                output.WriteByte(value);
            }
            else
            {
                output.WriteByte((byte)'%');
                output.WriteByte((byte)"0123456789ABCDEF"[value >> 4]);
                output.WriteByte((byte)"0123456789ABCDEF"[value & 15]);
            }
        }
    }
}

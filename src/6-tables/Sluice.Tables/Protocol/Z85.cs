using System.Buffers.Binary;

namespace Sluice.Tables;

/// <summary>Z85: four bytes as five printable characters.</summary>
/// <remarks>https://rfc.zeromq.org/spec/32/</remarks>
internal static class Z85
{
    private const string Alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

    /// <summary>The text of bytes, whose number must be a multiple of 4.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new char[bytes.Length / 4 * 5];
        for (var i = 0; i < bytes.Length / 4; i++)
        {
            var value = BinaryPrimitives.ReadUInt32BigEndian(bytes[(i * 4)..]);
            for (var digit = 4; digit >= 0; digit--, value /= 85) text[(i * 5) + digit] = Alphabet[(int)(value % 85)];
        }

        return new string(text);
    }

    /// <exception cref="LogFormatException">The length or a character is wrong.</exception>
    public static byte[] Decode(ReadOnlySpan<char> text)
    {
        if (text.Length % 5 != 0) throw new LogFormatException($"'{text}' is no Z85 text: its length is not a multiple of 5");
        var bytes = new byte[text.Length / 5 * 4];
        for (var i = 0; i < text.Length; i += 5)
        {
            var value = 0UL;
            foreach (var c in text.Slice(i, 5))
            {
                var digit = Alphabet.IndexOf(c, StringComparison.Ordinal);
                if (digit < 0) throw new LogFormatException($"'{text}' is no Z85 text: it holds '{c}'");
                value = (value * 85) + (ulong)digit;
            }

            if (value > uint.MaxValue) throw new LogFormatException($"'{text}' is no Z85 text: a group exceeds 32 bits");
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(i / 5 * 4), (uint)value);
        }

        return bytes;
    }
}

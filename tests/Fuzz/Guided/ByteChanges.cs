using System.Buffers.Binary;

namespace Sluice.Fuzz.Guided;

/// <summary>Random changes of bytes behind a part that stays.</summary>
internal static class ByteChanges
{
    /// <summary>No input grows beyond this: what a decoder does with more of the same is known.</summary>
    private const int BytesMax = 4 << 10;

    private static readonly long[] s_edges =
    [
        -1, 0, 1, 2, 7, 127, 128, 255, 256, 32_767, 32_768, 65_535, 100_000, 100_001, int.MaxValue, int.MinValue, long.MaxValue, long.MinValue,
    ];

    /// <summary>One to four changes of a copy.</summary>
    public static byte[] Of(byte[] input, int keep, Random random, IReadOnlyList<byte[]> others)
    {
        var bytes = input.ToList();
        for (var changes = random.Next(1, 5); changes > 0 && bytes.Count > keep; changes--)
        {
            var at = random.Next(keep, bytes.Count);
            var count = random.Next(1, Math.Min(16, bytes.Count - at) + 1);
            switch (random.Next(8))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes[at] += (byte)random.Next(-4, 5); break;
                case 3: bytes.RemoveRange(at, count); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(at, count)); break;
                case 5: Overwrite(bytes, at, Edge(random)); break;
                case 6: bytes.RemoveRange(at, bytes.Count - at); break;
                default:
                    var other = others[random.Next(others.Count)];
                    bytes.InsertRange(at, other.AsSpan(random.Next(other.Length)));
                    break;
            }
        }

        if (bytes.Count > BytesMax) bytes.RemoveRange(BytesMax, bytes.Count - BytesMax);
        return [.. bytes];
    }

    /// <summary>A number at an edge, in a size that numbers have, its most significant byte first.</summary>
    private static byte[] Edge(Random random)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, s_edges[random.Next(s_edges.Length)]);
        return bytes[^(1 << random.Next(4))..];
    }

    private static void Overwrite(List<byte> bytes, int at, byte[] with)
    {
        for (var n = 0; n < with.Length && at + n < bytes.Count; n++) bytes[at + n] = with[n];
    }
}

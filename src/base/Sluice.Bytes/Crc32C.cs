using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Sluice.Bytes;

/// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4), computed by the processor's own instruction where it has one.</summary>
public static class Crc32C
{
    /// <summary>The finished checksum of the bytes.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>Continues a finished checksum: <c>Append(Compute(a), b) == Compute(a + b)</c>.</summary>
    public static uint Append(uint checksum, ReadOnlySpan<byte> bytes)
    {
        var crc = ~checksum;
        if (BitConverter.IsLittleEndian)
        {
            var words = MemoryMarshal.Cast<byte, ulong>(bytes);
            foreach (var word in words) crc = BitOperations.Crc32C(crc, word);
            bytes = bytes[(words.Length * sizeof(ulong))..];
        }

        while (bytes.Length >= sizeof(uint))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt32LittleEndian(bytes));
            bytes = bytes[sizeof(uint)..];
        }

        foreach (var b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}

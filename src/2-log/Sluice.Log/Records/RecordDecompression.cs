using System.Buffers.Binary;
using System.IO.Compression;
using K4os.Compression.LZ4.Streams;
using Sluice.Bytes;
using Snappier;

namespace Sluice.Log.Records;

/// <summary>Turns the compressed records of a batch back into plain record bytes, never beyond a bound.</summary>
internal static class RecordDecompression
{
    // The stream framing of the Java snappy library, which Kafka's Java clients write: magic, version, compatible version, blocks.
    private const int XerialHeaderBytes = 16;

    private static ReadOnlySpan<byte> XerialMagic => [0x82, (byte)'S', (byte)'N', (byte)'A', (byte)'P', (byte)'P', (byte)'Y', 0];

    /// <exception cref="InvalidDataException">The bytes are not what the codec writes, or hold more than the bound.</exception>
    public static byte[] Decompress(CompressionType type, ReadOnlySpan<byte> compressed, int bytesMax)
    {
        using var output = new ByteWriter((int)Math.Clamp(compressed.Length * 4L, 256, 1 << 20));
        try
        {
            if (type == CompressionType.Snappy) DecompressSnappy(compressed, output, bytesMax);
            else DecompressStream(type, compressed, output, bytesMax);
        }
        catch (Exception fault) when (fault is not InvalidDataException)
        {
            // Each codec library has its own exceptions for bytes it cannot read; all of them mean the same to the caller.
            throw new InvalidDataException($"The records are not valid {type}: {fault.Message}", fault);
        }

        return output.Written.ToArray();
    }

    private static unsafe void DecompressStream(CompressionType type, ReadOnlySpan<byte> compressed, ByteWriter output, int bytesMax)
    {
        fixed (byte* pointer = compressed)
        {
            using var input = new UnmanagedMemoryStream(pointer, compressed.Length);
            using Stream plain = type switch
            {
                CompressionType.Gzip => new GZipStream(input, CompressionMode.Decompress),
                CompressionType.Lz4 => LZ4Stream.Decode(input),
                CompressionType.Zstd => new ZstdSharp.DecompressionStream(input),
                _ => throw new InvalidDataException($"There is no compression type {(int)type}."),
            };
            while (true)
            {
                var read = plain.Read(output.GetSpan(1));
                if (read == 0) return;
                output.Advance(read);
                ThrowIfBeyond(output.Length, bytesMax);
            }
        }
    }

    private static void DecompressSnappy(ReadOnlySpan<byte> compressed, ByteWriter output, int bytesMax)
    {
        if (!compressed.StartsWith(XerialMagic))
        {
            DecompressSnappyBlock(compressed, output, bytesMax);
            return;
        }

        if (compressed.Length < XerialHeaderBytes) throw new InvalidDataException("The snappy stream header is cut short.");
        for (var rest = compressed[XerialHeaderBytes..]; rest.Length > 0;)
        {
            var size = rest.Length < sizeof(int) ? -1 : BinaryPrimitives.ReadInt32BigEndian(rest);
            if (size < 0 || size > rest.Length - sizeof(int)) throw new InvalidDataException("A snappy block is cut short.");
            DecompressSnappyBlock(rest.Slice(sizeof(int), size), output, bytesMax);
            rest = rest[(sizeof(int) + size)..];
        }
    }

    private static void DecompressSnappyBlock(ReadOnlySpan<byte> block, ByteWriter output, int bytesMax)
    {
        var size = Snappy.GetUncompressedLength(block);
        ThrowIfBeyond((long)output.Length + size, bytesMax);
        output.Advance(Snappy.Decompress(block, output.GetSpan(size)));
    }

    private static void ThrowIfBeyond(long bytes, int bytesMax)
    {
        if (bytes > bytesMax) throw new InvalidDataException($"The records decompress to more than {bytesMax} bytes.");
    }
}

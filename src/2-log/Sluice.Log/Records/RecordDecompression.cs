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

    // What becomes large is decompressed one at a time: many bombs at once take no more memory than one.
    private static readonly Lock s_large = new();

    /// <exception cref="InvalidDataException">The bytes are not what the codec writes, or hold more than the bound.</exception>
    public static byte[] Decompress(CompressionType type, ReadOnlySpan<byte> compressed, int bytesMax)
    {
        if (TryDecompress(type, compressed, Math.Min(bytesMax, LogLimits.DecompressedBytesAlone)) is { } plain) return plain;
        lock (s_large)
        {
            return TryDecompress(type, compressed, bytesMax) ?? throw new InvalidDataException($"The records decompress to more than {bytesMax} bytes.");
        }
    }

    /// <summary>The plain bytes; null when there are more of them than asked for.</summary>
    private static byte[]? TryDecompress(CompressionType type, ReadOnlySpan<byte> compressed, int bytesMax)
    {
        using var output = new ByteWriter((int)Math.Clamp(compressed.Length * 4L, 256, 1 << 20));
        try
        {
            var isWithin = type == CompressionType.Snappy
                ? TryDecompressSnappy(compressed, output, bytesMax)
                : TryDecompressStream(type, compressed, output, bytesMax);
            return isWithin ? output.Written.ToArray() : null;
        }
        catch (Exception fault) when (fault is not InvalidDataException)
        {
            // Each codec library has its own exceptions for bytes it cannot read; all of them mean the same to the caller.
            throw new InvalidDataException($"The records are not valid {type}: {fault.Message}", fault);
        }
    }

    private static unsafe bool TryDecompressStream(CompressionType type, ReadOnlySpan<byte> compressed, ByteWriter output, int bytesMax)
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
                if (read == 0) return true;
                output.Advance(read);
                if (output.Length > bytesMax) return false;
            }
        }
    }

    private static bool TryDecompressSnappy(ReadOnlySpan<byte> compressed, ByteWriter output, int bytesMax)
    {
        if (!compressed.StartsWith(XerialMagic))
        {
            return TryDecompressSnappyBlock(compressed, output, bytesMax);
        }

        if (compressed.Length < XerialHeaderBytes) throw new InvalidDataException("The snappy stream header is cut short.");
        for (var rest = compressed[XerialHeaderBytes..]; rest.Length > 0;)
        {
            var size = rest.Length < sizeof(int) ? -1 : BinaryPrimitives.ReadInt32BigEndian(rest);
            if (size < 0 || size > rest.Length - sizeof(int)) throw new InvalidDataException("A snappy block is cut short.");
            if (!TryDecompressSnappyBlock(rest.Slice(sizeof(int), size), output, bytesMax)) return false;
            rest = rest[(sizeof(int) + size)..];
        }

        return true;
    }

    private static bool TryDecompressSnappyBlock(ReadOnlySpan<byte> block, ByteWriter output, int bytesMax)
    {
        var size = Snappy.GetUncompressedLength(block);
        if ((long)output.Length + size > bytesMax) return false;
        output.Advance(Snappy.Decompress(block, output.GetSpan(size)));
        return true;
    }
}

using System.IO.Compression;
using K4os.Compression.LZ4.Streams;
using Snappier;

namespace Sluice.Log.Records;

/// <summary>Compresses the records of a batch with the codec that its producer chose.</summary>
internal static class RecordCompression
{
    public static ReadOnlyMemory<byte> Compress(CompressionType type, ReadOnlySpan<byte> records)
    {
        switch (type)
        {
            case CompressionType.None:
                return records.ToArray();
            case CompressionType.Snappy:
                // One block without the framing of the Java library; all clients take both.
                return Snappy.CompressToArray(records);
            case CompressionType.Zstd:
                using (var zstd = new ZstdSharp.Compressor()) return zstd.Wrap(records).ToArray();
            case CompressionType.Gzip:
            case CompressionType.Lz4:
                return Stream(type, records);
            default:
                throw new InvalidDataException($"There is no compression type {(int)type}.");
        }
    }

    private static ReadOnlyMemory<byte> Stream(CompressionType type, ReadOnlySpan<byte> records)
    {
        var output = new MemoryStream();
        // Kafka's Java client reads no blocks that depend on earlier ones.
        using (Stream encoder = type == CompressionType.Gzip
            ? new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true)
            : LZ4Stream.Encode(output, new LZ4EncoderSettings { ChainBlocks = false }, leaveOpen: true))
        {
            encoder.Write(records);
        }

        return output.GetBuffer().AsMemory(0, (int)output.Length);
    }
}

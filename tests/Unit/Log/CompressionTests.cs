using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using K4os.Compression.LZ4.Streams;
using Sluice.Bytes;
using Sluice.Log;
using Sluice.Log.Records;
using Snappier;

namespace Sluice.Unit.Log;

public sealed class CompressionTests
{
    private const int Records = 500;

    [Theory]
    [InlineData("gzip")]
    [InlineData("snappy")]
    [InlineData("xerial")]
    [InlineData("lz4")]
    [InlineData("zstd")]
    public void Compressed_records_are_read_as_they_were_written(string codec)
    {
        var batch = Compressed(codec);
        batch.Length.ShouldBeLessThan(Plain().Length);
        var records = new RecordReader(batch, 3);
        for (var i = 3; i < Records; i++)
        {
            records.MoveNext().ShouldBeTrue();
            (records.Offset, Encoding.UTF8.GetString(records.Value.Span)).ShouldBe((i, Text(i)));
        }

        records.MoveNext().ShouldBeFalse();
        RecordBatchCheck.Check(batch, int.MaxValue, out var checkedBatch).ShouldBe(AppendError.None);
        checkedBatch.ShouldBe(new CheckedBatch(Records - 1, Records - 1, MaxTimestampIsWrong: false));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("snappy")]
    [InlineData("xerial")]
    [InlineData("lz4")]
    [InlineData("zstd")]
    public void Damaged_compressed_records_are_refused_or_found_whole(string codec)
    {
        var batch = Compressed(codec);
        var random = new Random(5);
        for (var i = 0; i < 200; i++)
        {
            var damaged = batch.ToArray();
            damaged[random.Next(RecordBatchHeader.Size, damaged.Length)] ^= (byte)(1 << random.Next(8));
            RecordBatchHeader.Seal(damaged);
            // The CRC matches again, so only the codec and the walk over the records can tell.
            RecordBatchCheck.Check(damaged, int.MaxValue, out _).ShouldBeOneOf(AppendError.None, AppendError.CorruptMessage);
        }
    }

    [Fact]
    public void A_batch_that_decompresses_beyond_the_bound_is_refused()
    {
        var bomb = Compress("gzip", new byte[LogLimits.DecompressedBytesMax + 1]);
        Should.Throw<InvalidDataException>(() => RecordDecompression.Decompress(CompressionType.Gzip, bomb, LogLimits.DecompressedBytesMax));
    }

    [Fact]
    public void An_unknown_compression_type_is_refused()
    {
        var batch = Plain().ToArray();
        batch[22] |= 5;
        RecordBatchHeader.Seal(batch);
        RecordBatchCheck.Check(batch, int.MaxValue, out _).ShouldBe(AppendError.CorruptMessage);
    }

    private static string Text(int i) => $"value {i} value value value";

    private static ReadOnlySpan<byte> Plain()
    {
        var builder = new RecordBatchBuilder();
        for (var i = 0; i < Records; i++) builder.Append(i, RecordBytes.Null, RecordBytes.Of(Encoding.UTF8.GetBytes(Text(i))));
        return builder.Build().Span;
    }

    private static byte[] Compressed(string codec)
    {
        var plain = Plain();
        byte[] batch = [.. plain[..RecordBatchHeader.Size], .. Compress(codec, plain[RecordBatchHeader.Size..].ToArray())];
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(8), batch.Length - RecordBatchHeader.LengthOverhead);
        batch[22] |= codec switch { "gzip" => 1, "lz4" => 3, "zstd" => 4, _ => 2 };
        RecordBatchHeader.Seal(batch);
        return batch;
    }

    private static byte[] Compress(string codec, byte[] plain)
    {
        if (codec == "snappy") return Snappy.CompressToArray(plain);
        if (codec == "xerial") return Xerial(plain);
        using var output = new MemoryStream();
        using (Stream stream = codec switch
        {
            "gzip" => new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true),
            "lz4" => LZ4Stream.Encode(output, leaveOpen: true),
            _ => new ZstdSharp.CompressionStream(output, leaveOpen: true),
        })
        {
            stream.Write(plain);
        }

        return output.ToArray();
    }

    private static byte[] Xerial(byte[] plain)
    {
        using var writer = new ByteWriter();
        writer.Write([0x82, .. "SNAPPY"u8, 0]);
        writer.WriteInt32(1);
        writer.WriteInt32(1);
        foreach (var chunk in plain.Chunk(4096))
        {
            var block = Snappy.CompressToArray(chunk);
            writer.WriteInt32(block.Length);
            writer.Write(block);
        }

        return writer.Written.ToArray();
    }
}

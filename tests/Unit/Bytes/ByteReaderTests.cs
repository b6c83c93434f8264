using CsCheck;
using Sluice.Bytes;

namespace Sluice.Unit.Bytes;

public sealed class ByteReaderTests
{
    [Fact]
    public void Numbers_are_read_as_they_were_written() =>
        Gen.Select(Gen.Int, Gen.Long, Gen.Short, Gen.UInt, Gen.Byte.Array[0, 20]).Sample((int32, int64, int16, uint32, bytes) =>
        {
            using var writer = new ByteWriter(initialBytes: 1);
            writer.WriteVarint(int32);
            writer.WriteVarlong(int64);
            writer.WriteUnsignedVarint(uint32);
            writer.WriteUnsignedVarlong((ulong)int64);
            writer.WriteInt16(int16);
            writer.WriteInt32(int32);
            writer.WriteUInt32(uint32);
            writer.WriteInt64(int64);
            writer.WriteByte(7);
            writer.Write(bytes);
            var reader = new ByteReader(writer.Written.Span);
            reader.ReadVarint().ShouldBe(int32);
            reader.Position.ShouldBe(ByteWriter.VarlongSize(int32));
            reader.ReadVarlong().ShouldBe(int64);
            reader.ReadUnsignedVarint().ShouldBe(uint32);
            reader.ReadUnsignedVarlong().ShouldBe((ulong)int64);
            reader.ReadInt16().ShouldBe(int16);
            reader.ReadInt32().ShouldBe(int32);
            reader.ReadUInt32().ShouldBe(uint32);
            reader.ReadInt64().ShouldBe(int64);
            reader.ReadByte().ShouldBe((byte)7);
            reader.Read(bytes.Length).ToArray().ShouldBe(bytes);
            reader.Remaining.ShouldBe(0);
        });

    [Theory]
    [InlineData(0, "00")]
    [InlineData(-1, "01")]
    [InlineData(1, "02")]
    [InlineData(63, "7E")]
    [InlineData(-64, "7F")]
    [InlineData(64, "8001")]
    [InlineData(300, "D804")]
    [InlineData(int.MaxValue, "FEFFFFFF0F")]
    [InlineData(int.MinValue, "FFFFFFFF0F")]
    public void A_varint_is_zigzag_and_least_significant_first(int value, string bytes)
    {
        using var writer = new ByteWriter();
        writer.WriteVarint(value);
        Convert.ToHexString(writer.Written.Span).ShouldBe(bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("80")]
    [InlineData("FFFFFFFF1F")]
    [InlineData("FFFFFFFFFFFFFFFFFF02")]
    [InlineData("FFFFFFFFFFFFFFFFFFFF01")]
    public void A_varint_that_is_cut_short_or_too_long_is_refused(string bytes) =>
        Should.Throw<InvalidDataException>(() => new ByteReader(Convert.FromHexString(bytes)).ReadVarint());

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    [InlineData(int.MaxValue)]
    public void Nothing_is_read_beyond_the_end(int count) =>
        Should.Throw<InvalidDataException>(() => new ByteReader(new byte[3]).Read(count));

    [Fact]
    public void A_writer_stops_at_its_bound()
    {
        using var writer = new ByteWriter(initialBytes: 16, bytesMax: 64);
        writer.Write(new byte[60]);
        Should.Throw<InvalidOperationException>(() => writer.Write(new byte[1000]));
        writer.Length.ShouldBe(60);
    }
}

using CsCheck;
using Sluice.KafkaWire.Wire;

namespace Sluice.Unit.KafkaWire;

public sealed class EncodingTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_written_is_read_in_both_encodings(bool isFlexible)
    {
        Gen.Select(Gen.String.Null(), Gen.Byte.Array, Gen.Int, Gen.Long, Gen.Guid).Sample((text, bytes, number, large, id) =>
        {
            using var writer = new KafkaWriter(isFlexible);
            writer.WriteNullableString(text);
            writer.WriteBytes(bytes);
            writer.WriteInt32Array([number, -1]);
            writer.WriteTags();
            writer.WriteInt64(large);
            writer.WriteUuid(id);
            writer.WriteNullArray();
            var reader = new KafkaReader(writer.ToFrame().AsMemory(4), isFlexible);
            var expected = text is null ? null : System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text));
            reader.ReadNullableString().ShouldBe(expected);
            reader.ReadBytes().ToArray().ShouldBe(bytes);
            reader.ReadInt32Array().ShouldBe([number, -1]);
            reader.SkipTags();
            reader.ReadInt64().ShouldBe(large);
            reader.ReadUuid().ShouldBe(id);
            reader.ReadNullableArrayLength().ShouldBe(-1);
            reader.Remaining.ShouldBe(0);
        }, iter: 2_000);
    }

    [Fact]
    public void Batches_are_put_between_the_fields_without_a_copy_of_their_own()
    {
        using var writer = new KafkaWriter(isFlexible: false);
        writer.WriteInt32(7);
        writer.WriteRecords(new byte[] { 1, 2, 3 });
        writer.WriteInt32(8);
        writer.ToFrame().ShouldBe([0, 0, 0, 15, 0, 0, 0, 7, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 8]);
    }

    [Fact]
    public void An_array_longer_than_what_is_left_is_refused()
    {
        Should.Throw<InvalidDataException>(() => new KafkaReader(new byte[] { 0x7f, 0xff, 0xff, 0xff, 0 }, isFlexible: false).ReadArrayLength());
        Should.Throw<InvalidDataException>(() => new KafkaReader(new byte[] { 0xff, 0xff, 0xff, 0xff, 0x0f }, isFlexible: true).ReadArrayLength());
        Should.Throw<InvalidDataException>(() => new KafkaReader(new byte[] { 0xff, 0xff, 0xff, 0xfe }, isFlexible: false).ReadArrayLength());
    }

    [Fact]
    public void Lengths_below_null_are_refused()
    {
        Should.Throw<InvalidDataException>(() => new KafkaReader(new byte[] { 0xff, 0xfe }, isFlexible: false).ReadNullableString());
        Should.Throw<InvalidDataException>(() => new KafkaReader(new byte[] { 0xff, 0xff, 0xff, 0xfe }, isFlexible: false).ReadBytes());
        Should.Throw<InvalidDataException>(() => new KafkaReader(new byte[] { 0xff, 0xff }, isFlexible: false).ReadString());
    }

    [Fact]
    public void Tagged_fields_are_stepped_over_and_never_beyond_the_end()
    {
        var reader = new KafkaReader(new byte[] { 2, 0, 1, 9, 5, 2, 9, 9, 42 }, isFlexible: true);
        reader.SkipTags();
        reader.ReadInt8().ShouldBe((sbyte)42);
        Should.Throw<InvalidDataException>(() => new KafkaReader(new byte[] { 1, 0, 100, 9 }, isFlexible: true).SkipTags());
    }
}

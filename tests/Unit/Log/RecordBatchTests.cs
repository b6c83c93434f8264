using System.Buffers.Binary;
using Sluice.Bytes;
using Sluice.Log;

namespace Sluice.Unit.Log;

public sealed class RecordBatchTests
{
    // Derived by hand from the layout in Kafka's documentation: one line per field.
    private static readonly byte[] s_golden = Convert.FromHexString(string.Concat(
        "0000000000000000", // base offset
        "00000044",         // bytes that follow: 49 of the header, 10 + 9 of the records
        "00000000",         // partition leader epoch
        "02",               // magic
        "77BF1B93",         // CRC-32C of what follows, computed bit by bit outside of this code
        "0000",             // attributes
        "00000001",         // last offset delta
        "00000000000003E8", // base timestamp: 1000
        "00000000000003EA", // max timestamp: 1002
        "FFFFFFFFFFFFFFFF", // producer id
        "FFFF",             // producer epoch
        "FFFFFFFF",         // base sequence
        "00000002",         // records
        "12", "00", "00", "00", "02", "6B", "04", "7631", "00",  // 9 bytes: delta 0, offset 0, key "k", value "v1", no headers
        "10", "00", "04", "02", "01", "04", "7632", "00"));      // 8 bytes: delta 2, offset 1, null key, value "v2", no headers

    private static RecordBatchBuilder GoldenBuilder()
    {
        var builder = new RecordBatchBuilder();
        builder.Append(1000, RecordBytes.Of("k"u8), RecordBytes.Of("v1"u8));
        builder.Append(1002, RecordBytes.Null, RecordBytes.Of("v2"u8));
        return builder;
    }

    [Fact]
    public void A_built_batch_has_the_bytes_of_the_specification() =>
        Convert.ToHexString(GoldenBuilder().Build().Span).ShouldBe(Convert.ToHexString(s_golden));

    [Fact]
    public void The_golden_bytes_are_read_record_by_record()
    {
        var batch = s_golden.ToArray();
        BinaryPrimitives.WriteInt64BigEndian(batch, 40);
        var records = new RecordReader(batch, 0);
        records.MoveNext().ShouldBeTrue();
        (records.Offset, records.TimestampMs).ShouldBe((40, 1000));
        records.Key.Span.SequenceEqual("k"u8).ShouldBeTrue();
        records.Value.Span.SequenceEqual("v1"u8).ShouldBeTrue();
        records.NextOffset.ShouldBe(41);
        records.MoveNext().ShouldBeTrue();
        (records.Offset, records.TimestampMs, records.Key.IsNull).ShouldBe((41, 1002, true));
        records.MoveNext().ShouldBeFalse();
        records.NextOffset.ShouldBe(42);
    }

    [Fact]
    public void An_empty_value_is_not_a_null_value()
    {
        var builder = new RecordBatchBuilder();
        builder.Append(0, RecordBytes.Of([]), RecordBytes.Null);
        var records = new RecordReader(builder.Build().Span, 0);
        records.MoveNext().ShouldBeTrue();
        (records.Key.IsNull, records.Value.IsNull).ShouldBe((false, true));
    }

    [Fact]
    public void A_builder_begins_anew_after_a_reset()
    {
        var builder = GoldenBuilder();
        builder.Append(7, RecordBytes.Null, RecordBytes.Null);
        builder.Reset();
        builder.Count.ShouldBe(0);
        Should.Throw<InvalidOperationException>(() => builder.Build());
        builder.Append(1000, RecordBytes.Of("k"u8), RecordBytes.Of("v1"u8));
        builder.Append(1002, RecordBytes.Null, RecordBytes.Of("v2"u8));
        builder.Build().ToArray().ShouldBe(s_golden);
    }

    [Fact]
    public void Records_before_the_offset_asked_for_are_left_out()
    {
        var records = new RecordReader(s_golden, 1);
        records.MoveNext().ShouldBeTrue();
        records.Offset.ShouldBe(1);
        records.MoveNext().ShouldBeFalse();
    }

    [Fact]
    public void A_control_batch_is_stepped_over_and_its_offset_counted()
    {
        var control = s_golden.ToArray();
        control[22] |= 0x30;
        var data = s_golden.ToArray();
        BinaryPrimitives.WriteInt64BigEndian(data, 2);
        var records = new RecordReader((byte[])[.. control, .. data], 0);
        records.MoveNext().ShouldBeTrue();
        records.Offset.ShouldBe(2);
        var onlyControl = new RecordReader(control, 0);
        onlyControl.MoveNext().ShouldBeFalse();
        onlyControl.NextOffset.ShouldBe(2);
    }

    [Fact]
    public void Every_cut_of_a_batch_is_refused()
    {
        for (var length = 1; length < s_golden.Length; length++)
        {
            var cut = s_golden.AsSpan(0, length).ToArray();
            Should.Throw<InvalidDataException>(() => { _ = Count(cut); }, $"cut to {length} bytes");
        }
    }

    [Fact]
    public void No_changed_byte_makes_the_reader_do_anything_but_read_or_refuse()
    {
        for (var at = 0; at < s_golden.Length; at++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var changed = s_golden.ToArray();
                changed[at] ^= (byte)(1 << bit);
                try
                {
                    Count(changed).ShouldBeInRange(0, 2);
                }
                catch (InvalidDataException refused)
                {
                    refused.Message.ShouldNotBeEmpty();
                }
            }
        }
    }

    private static int Count(ReadOnlySpan<byte> batches)
    {
        var records = new RecordReader(batches, 0);
        var count = 0;
        while (records.MoveNext()) count++;
        return count;
    }
}

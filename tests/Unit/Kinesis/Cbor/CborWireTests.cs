using System.Formats.Cbor;
using System.Net.Http.Headers;
using CsCheck;
using Sluice.Bytes;
using Sluice.Kinesis;
using Sluice.Kinesis.Cbor;
using Sluice.Kinesis.Wire;

namespace Sluice.Unit.Kinesis.Cbor;

public sealed class CborWireTests
{
    [Fact]
    public void Members_are_read_whatever_their_lengths_and_tags()
    {
        var writer = new CborWriter(CborConformanceMode.Lax);
        writer.WriteTag(CborTag.SelfDescribeCbor);
        writer.WriteStartMap(null);
        writer.WriteTextString("Name");
        writer.WriteStartIndefiniteLengthTextString();
        writer.WriteTextString("or");
        writer.WriteTextString("ders");
        writer.WriteEndIndefiniteLengthTextString();
        writer.WriteTextString("When");
        writer.WriteTag(CborTag.UnixTimeSeconds);
        writer.WriteInt64(1_700_000_000_123);
        writer.WriteTextString("Seconds");
        writer.WriteTag(CborTag.UnixTimeSeconds);
        writer.WriteDouble(1_700_000_000.5);
        writer.WriteTextString("Count");
        writer.WriteInt32(-7);
        writer.WriteTextString("On");
        writer.WriteBoolean(true);
        writer.WriteTextString("None");
        writer.WriteNull();
        writer.WriteTextString("Keys");
        writer.WriteStartArray(2);
        writer.WriteTextString("a");
        writer.WriteTextString("b");
        writer.WriteEndArray();
        writer.WriteEndMap();
        var fields = RequestFields.Read(Reader(writer.Encode()));
        fields.Text("Name").ShouldBe("orders");
        fields.TimestampMs("When").ShouldBe(1_700_000_000_123);
        fields.TimestampMs("Seconds").ShouldBe(1_700_000_000_500);
        fields.Integer("Count").ShouldBe(-7);
        fields.Boolean("On").ShouldBe(true);
        fields.Text("None").ShouldBeNull();
        fields.Texts("Keys").ShouldBe(["a", "b"]);
    }

    [Fact]
    public void A_blob_is_read_in_place_and_in_pieces()
    {
        var writer = new CborWriter(CborConformanceMode.Lax);
        writer.WriteStartArray(2);
        writer.WriteByteString([1, 2, 3]);
        writer.WriteStartIndefiniteLengthByteString();
        writer.WriteByteString([4]);
        writer.WriteByteString([5, 6]);
        writer.WriteEndIndefiniteLengthByteString();
        writer.WriteEndArray();
        var reader = Reader(writer.Encode());
        reader.EnterList();
        reader.NextItem().ShouldBeTrue();
        reader.BytesOf(reader.ReadBlob()).ToArray().ShouldBe([1, 2, 3]);
        reader.NextItem().ShouldBeTrue();
        reader.BytesOf(reader.ReadBlob()).ToArray().ShouldBe([4, 5, 6]);
        reader.NextItem().ShouldBeFalse();
    }

    [Theory]
    [InlineData("a16161")]
    [InlineData("bf")]
    [InlineData("")]
    [InlineData("a10102")]
    [InlineData("a16161f7ff00")]
    [InlineData("a1616141")]
    public void What_is_no_whole_request_is_refused(string hex) =>
        Should.Throw<RequestFormatException>(() => RequestFields.Read(Reader(Convert.FromHexString(hex))).Text("a"));

    [Fact]
    public void Nesting_without_end_is_refused() =>
        Should.Throw<RequestFormatException>(() => RequestFields.Read(Reader([.. Enumerable.Repeat((byte)0xa1, 1).Concat("a"u8.ToArray()
            .Prepend((byte)0x61)), .. Enumerable.Repeat((byte)0x81, 100_000)])));

    [Theory]
    [InlineData(31, true)]
    [InlineData(32, false)]
    public void A_member_that_is_skipped_is_nested_no_deeper_than_one_that_is_read(int levels, bool isRead)
    {
        byte[] value = [.. Enumerable.Repeat((byte)0x81, levels), 0xf6];
        var reader = Reader([0xa2, 0x61, (byte)'a', .. value, 0x61, (byte)'b', 0x07]);
        reader.EnterMap();
        reader.NextField();
        if (!isRead)
        {
            Should.Throw<RequestFormatException>(reader.Skip).Message.ShouldContain("nested deeper than 32");
            return;
        }

        reader.Skip();
        reader.NextField().ShouldBeTrue();
        reader.FieldIs("b"u8).ShouldBeTrue();
        reader.ReadInteger().ShouldBe(7);
        reader.NextField().ShouldBeFalse();
    }

    [Fact]
    public void Whatever_is_skipped_the_next_member_is_read() =>
        Gen.Int[0, 1_000_000].Sample(seed =>
        {
            var writer = new CborWriter(CborConformanceMode.Lax);
            writer.WriteStartMap(2);
            writer.WriteTextString("a");
            WriteAny(writer, new Random(seed), levels: 5);
            writer.WriteTextString("b");
            writer.WriteInt32(7);
            writer.WriteEndMap();
            var reader = Reader(writer.Encode());
            reader.EnterMap();
            reader.NextField();
            reader.Skip();
            reader.NextField().ShouldBeTrue();
            reader.FieldIs("b"u8).ShouldBeTrue();
            reader.ReadInteger().ShouldBe(7);
            reader.NextField().ShouldBeFalse();
        }, iter: 2_000);

    [Fact]
    public void Any_bytes_are_read_or_refused() =>
        Gen.Byte.Array[0, 60].Sample(bytes =>
        {
            try
            {
                RequestFields.Read(Reader([0xa1, 0x61, 0x61, .. bytes]));
            }
            catch (RequestFormatException)
            {
                // Refusing is one of the two answers allowed.
            }
        }, iter: 5_000);

    [Fact]
    public void What_is_written_is_read_by_a_library() =>
        Gen.Select(Gen.Long, Gen.String, Gen.Byte.Array[0, 400], Gen.Bool, Gen.Long[0, 4_000_000_000_000]).Sample((number, text, blob, flag, moment) =>
        {
            using var into = new ByteWriter();
            var writer = new CborResponseWriter();
            writer.Begin(into);
            writer.StartMap();
            writer.Integer("n"u8, number);
            writer.Text("t"u8, text);
            writer.Name("b"u8);
            writer.Blob(blob);
            writer.Boolean("f"u8, flag);
            writer.Timestamp("m"u8, moment);
            writer.Texts("l"u8, ["x"]);
            writer.Name("z"u8);
            writer.Null();
            writer.EndMap();
            writer.Flush();
            var reader = new CborReader(into.Written, CborConformanceMode.Lax);
            reader.ReadStartMap().ShouldBeNull();
            (reader.ReadTextString(), reader.ReadInt64()).ShouldBe(("n", number));
            reader.ReadTextString();
            // A lone surrogate is no text; it is written as the replacement character.
            reader.ReadTextString().ShouldBe(System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text)));
            reader.ReadTextString();
            reader.ReadByteString().ShouldBe(blob);
            (reader.ReadTextString(), reader.ReadBoolean()).ShouldBe(("f", flag));
            (reader.ReadTextString(), reader.ReadTag(), reader.ReadInt64()).ShouldBe(("m", CborTag.UnixTimeSeconds, moment));
            reader.ReadTextString();
            reader.ReadStartArray();
            reader.ReadTextString().ShouldBe("x");
            reader.ReadEndArray();
            reader.ReadTextString();
            reader.ReadNull();
            reader.ReadEndMap();
            reader.BytesRemaining.ShouldBe(0);
        }, iter: 2_000);

    [Fact]
    public async Task A_record_goes_in_and_comes_out_in_CBOR()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync();
        var put = await CallAsync(bed, "PutRecord", writer =>
        {
            writer.WriteStartMap(3);
            writer.WriteTextString("StreamName");
            writer.WriteTextString("s");
            writer.WriteTextString("PartitionKey");
            writer.WriteTextString("k");
            writer.WriteTextString("Data");
            writer.WriteByteString([0, 255, 7]);
            writer.WriteEndMap();
        });
        put.Text("ShardId").ShouldBe(KinesisBed.FirstShard);
        var iterator = await bed.IteratorAsync();
        var page = await CallAsync(bed, "GetRecords", writer =>
        {
            writer.WriteStartMap(1);
            writer.WriteTextString("ShardIterator");
            writer.WriteTextString(iterator);
            writer.WriteEndMap();
        }, records =>
        {
            records.EnterMap();
            while (records.NextField() && !records.FieldIs("Records"u8)) records.Skip();
            records.EnterList();
            records.NextItem().ShouldBeTrue();
            records.EnterMap();
            while (records.NextField())
            {
                if (records.FieldIs("Data"u8)) records.BytesOf(records.ReadBlob()).ToArray().ShouldBe([0, 255, 7]);
                else if (records.FieldIs("ApproximateArrivalTimestamp"u8)) records.ReadTimestampMs().ShouldBe(bed.NowMs);
                else records.Skip();
            }
        });
        page.ShouldBeNull();
    }

    /// <summary>A value of any kind, of a length told or not, with and without a tag.</summary>
    private static void WriteAny(CborWriter writer, Random random, int levels)
    {
        if (random.Next(4) == 0) writer.WriteTag(CborTag.UnixTimeSeconds);
        var count = random.Next(3);
        int? told = random.Next(2) == 0 ? count : null;
        switch (random.Next(levels > 0 ? 8 : 6))
        {
            case 0: writer.WriteInt64(random.NextInt64()); break;
            case 1: writer.WriteDouble(random.NextDouble()); break;
            case 2: writer.WriteNull(); break;
            case 3: writer.WriteTextString("text"); break;
            case 4: writer.WriteSimpleValue(CborSimpleValue.Undefined); break;
            case 5:
                writer.WriteStartIndefiniteLengthByteString();
                for (var i = 0; i < count; i++) writer.WriteByteString([1, 2]);
                writer.WriteEndIndefiniteLengthByteString();
                break;
            case 6:
                writer.WriteStartArray(told);
                for (var i = 0; i < count; i++) WriteAny(writer, random, levels - 1);
                writer.WriteEndArray();
                break;
            default:
                writer.WriteStartMap(told);
                for (var i = 0; i < 2 * count; i++) WriteAny(writer, random, levels - 1);
                writer.WriteEndMap();
                break;
        }
    }

    private static async Task<RequestFields> CallAsync(KinesisBed bed, string action, Action<CborWriter> write) =>
        (await CallAsync(bed, action, write, null))!;

    private static async Task<RequestFields?> CallAsync(KinesisBed bed, string action, Action<CborWriter> write, Action<RequestReader>? read)
    {
        var writer = new CborWriter();
        write(writer);
        using var request = bed.Request(action, "");
        request.Content = new ByteArrayContent(writer.Encode()) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-amz-cbor-1.1") } };
        using var response = await bed.Server.Client.SendAsync(request);
        ((int)response.StatusCode).ShouldBe(200);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/x-amz-cbor-1.1");
        var reader = Reader(await response.Content.ReadAsByteArrayAsync());
        if (read is null) return RequestFields.Read(reader);
        read(reader);
        return null;
    }

    private static CborRequestReader Reader(byte[] bytes)
    {
        var reader = new CborRequestReader();
        reader.Begin(bytes, bytes.Length);
        return reader;
    }
}

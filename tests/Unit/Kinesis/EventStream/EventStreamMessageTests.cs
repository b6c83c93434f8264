using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Sluice.Bytes;
using Sluice.Kinesis.EventStream;
using Sluice.Kinesis.Wire;

namespace Sluice.Unit.Kinesis.EventStream;

public sealed class EventStreamMessageTests
{
    [Fact]
    public void A_message_is_framed_with_lengths_and_checksums()
    {
        using var into = new ByteWriter();
        into.Write("before"u8);
        var start = EventStreamMessage.BeginEvent(into, "SubscribeToShardEvent", WireFormat.Json);
        into.Write("{}"u8);
        EventStreamMessage.End(into, start);
        var (headers, payload) = Read(into.WrittenSpan["before".Length..]);
        headers.ShouldBe(new Dictionary<string, string>
        {
            [":event-type"] = "SubscribeToShardEvent",
            [":content-type"] = "application/json",
            [":message-type"] = "event",
        });
        payload.ShouldBe("{}");
    }

    [Fact]
    public void The_first_message_has_the_type_of_an_answer()
    {
        using var into = new ByteWriter();
        EventStreamMessage.End(into, EventStreamMessage.BeginEvent(into, EventStreamMessage.InitialResponse, WireFormat.Cbor));
        var (headers, payload) = Read(into.WrittenSpan);
        headers[":event-type"].ShouldBe("initial-response");
        headers[":content-type"].ShouldBe("application/x-amz-cbor-1.1");
        payload.ShouldBeEmpty();
    }

    [Fact]
    public void An_exception_is_named_in_a_header()
    {
        using var into = new ByteWriter();
        var start = EventStreamMessage.BeginException(into, "ResourceNotFoundException", WireFormat.Json);
        into.Write("{\"message\":\"gone\"}"u8);
        EventStreamMessage.End(into, start);
        var (headers, payload) = Read(into.WrittenSpan);
        headers[":message-type"].ShouldBe("exception");
        headers[":exception-type"].ShouldBe("ResourceNotFoundException");
        payload.ShouldContain("gone");
    }

    /// <summary>Reads one message as the specification says, checking every length and checksum.</summary>
    private static (Dictionary<string, string> Headers, string Payload) Read(ReadOnlySpan<byte> message)
    {
        BinaryPrimitives.ReadUInt32BigEndian(message).ShouldBe((uint)message.Length);
        var headersLength = (int)BinaryPrimitives.ReadUInt32BigEndian(message[4..]);
        BinaryPrimitives.ReadUInt32BigEndian(message[8..]).ShouldBe(Crc32.HashToUInt32(message[..8]));
        BinaryPrimitives.ReadUInt32BigEndian(message[^4..]).ShouldBe(Crc32.HashToUInt32(message[..^4]));
        var headers = new Dictionary<string, string>();
        for (var rest = message.Slice(12, headersLength); !rest.IsEmpty;)
        {
            var name = Encoding.ASCII.GetString(rest.Slice(1, rest[0]));
            rest = rest[(1 + rest[0])..];
            rest[0].ShouldBe((byte)7);
            var length = BinaryPrimitives.ReadUInt16BigEndian(rest[1..]);
            headers.Add(name, Encoding.UTF8.GetString(rest.Slice(3, length)));
            rest = rest[(3 + length)..];
        }

        return (headers, Encoding.UTF8.GetString(message[(12 + headersLength)..^4]));
    }
}

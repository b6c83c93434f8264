using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Sluice.Unit.Kinesis;

/// <summary>One message of an event stream, as a client takes it apart.</summary>
internal sealed record EventMessage(string Kind, string Type, JsonElement Payload);

/// <summary>Reads messages of <c>application/vnd.amazon.eventstream</c> from a response, by the specification and nothing of ours.</summary>
internal sealed class EventReader(Stream stream)
{
    private const byte StringHeader = 7;

    /// <summary>The next message; null at the end.</summary>
    public async Task<EventMessage?> NextAsync()
    {
        var prelude = new byte[12];
        if (await stream.ReadAtLeastAsync(prelude, prelude.Length, throwOnEndOfStream: false) == 0) return null;
        var total = BinaryPrimitives.ReadInt32BigEndian(prelude);
        var headersLength = BinaryPrimitives.ReadInt32BigEndian(prelude.AsSpan(4));
        var rest = new byte[total - prelude.Length];
        await stream.ReadExactlyAsync(rest);
        var headers = Headers(rest.AsSpan(0, headersLength));
        var payload = rest.AsMemory(headersLength, rest.Length - headersLength - 4);
        var kind = headers[":message-type"];
        return new EventMessage(kind, headers[kind == "event" ? ":event-type" : ":exception-type"], JsonDocument.Parse(payload).RootElement);
    }

    private static Dictionary<string, string> Headers(ReadOnlySpan<byte> bytes)
    {
        var headers = new Dictionary<string, string>();
        while (!bytes.IsEmpty)
        {
            var name = Encoding.UTF8.GetString(bytes[1..(1 + bytes[0])]);
            bytes = bytes[(1 + bytes[0])..];
            bytes[0].ShouldBe(StringHeader);
            var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[1..]);
            headers.Add(name, Encoding.UTF8.GetString(bytes[3..(3 + length)]));
            bytes = bytes[(3 + length)..];
        }

        return headers;
    }
}

using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Sluice.Bytes;
using Sluice.Kinesis.Wire;

namespace Sluice.Kinesis.EventStream;

/// <summary>
/// Messages of <c>application/vnd.amazon.eventstream</c> (https://smithy.io/2.0/aws/amazon-eventstream.html): two lengths and their
/// checksum, headers, payload, and the checksum of it all.
/// </summary>
/// <remarks>A message is begun, its payload is written to the same buffer by whoever knows it, and it is ended.</remarks>
internal static class EventStreamMessage
{
    /// <summary>The first message of an answer: what an answer without events would have as its body.</summary>
    public const string InitialResponse = "initial-response";

    private const int LengthsBytes = 2 * sizeof(uint);
    private const int PreludeBytes = LengthsBytes + sizeof(uint);
    private const int CrcBytes = sizeof(uint);
    private const byte StringType = 7;

    /// <summary>Begins an event; returns the mark that <see cref="End"/> needs.</summary>
    public static int BeginEvent(ByteWriter into, string eventType, WireFormat format)
    {
        var start = Begin(into);
        Header(into, ":event-type", eventType);
        Header(into, ":content-type", eventType == InitialResponse ? MediaTypes.Of(format) : PayloadType(format));
        Header(into, ":message-type", "event");
        EndHeaders(into, start);
        return start;
    }

    /// <summary>Begins an error that the stream ends with, by its modeled name; its payload holds the message.</summary>
    public static int BeginException(ByteWriter into, string exceptionType, WireFormat format)
    {
        var start = Begin(into);
        Header(into, ":exception-type", exceptionType);
        Header(into, ":content-type", PayloadType(format));
        Header(into, ":message-type", "exception");
        EndHeaders(into, start);
        return start;
    }

    /// <summary>Ends the message begun at the mark: fills in the lengths and both checksums.</summary>
    public static void End(ByteWriter into, int start)
    {
        var message = into.WrittenSpan[start..];
        BinaryPrimitives.WriteUInt32BigEndian(message, (uint)(message.Length + CrcBytes));
        BinaryPrimitives.WriteUInt32BigEndian(message[LengthsBytes..], Crc32.HashToUInt32(message[..LengthsBytes]));
        into.WriteUInt32(Crc32.HashToUInt32(message));
    }

    private static int Begin(ByteWriter into)
    {
        var start = into.Length;
        into.GetSpan(PreludeBytes)[..PreludeBytes].Clear();
        into.Advance(PreludeBytes);
        return start;
    }

    private static void EndHeaders(ByteWriter into, int start)
    {
        var headersLength = (uint)(into.Length - start - PreludeBytes);
        BinaryPrimitives.WriteUInt32BigEndian(into.WrittenSpan[(start + sizeof(uint))..], headersLength);
    }

    private static void Header(ByteWriter into, string name, string value)
    {
        into.WriteByte((byte)name.Length);
        Ascii(into, name);
        into.WriteByte(StringType);
        into.WriteInt16((short)value.Length);
        Ascii(into, value);
    }

    private static void Ascii(ByteWriter into, string text)
    {
        Encoding.ASCII.GetBytes(text, into.GetSpan(text.Length));
        into.Advance(text.Length);
    }

    /// <summary>Events are typed by their format alone, unlike the first message, which has the type of an answer.</summary>
    private static string PayloadType(WireFormat format) => format == WireFormat.Cbor ? MediaTypes.Cbor : "application/json";
}

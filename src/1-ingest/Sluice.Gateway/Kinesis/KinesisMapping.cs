using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Sluice.Bytes;
using Sluice.Gateway.Config;

namespace Sluice.Gateway.Kinesis;

/// <summary>
/// The mapping templates of the described Kinesis proxy API, as code: what a request becomes before it goes to Kinesis
/// (https://docs.aws.amazon.com/apigateway/latest/developerguide/integrating-api-with-aws-services-kinesis.html). Values are sliced
/// out of the body; nothing is copied twice and no tree is built.
/// </summary>
internal static class KinesisMapping
{
    /// <summary>Shards of a stream whose creation does not say how many: the template's own default.</summary>
    private const int ShardCount = 5;

    /// <summary>Jackson, which parses bodies in API Gateway, ends at this depth.</summary>
    private static readonly JsonReaderOptions s_reading = new() { MaxDepth = 1000 };

    private static readonly SearchValues<char> s_plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>Writes the body of the request to Kinesis.</summary>
    /// <param name="stream">The path's <c>stream-name</c>; a stream named in the body does not count.</param>
    /// <param name="parameter">The value of <see cref="KinesisAction.Parameter"/>.</param>
    /// <returns>False when there are more records than a template goes over (<see cref="GatewayLimits.MappedRecordsMax"/>).</returns>
    /// <exception cref="JsonException">The body is not JSON.</exception>
    public static bool TryWrite(KinesisAction action, ReadOnlySpan<char> stream, string parameter, ReadOnlySpan<byte> body, ByteWriter to)
    {
        to.WriteByte((byte)'{');
        if (action == KinesisAction.GetRecords)
        {
            to.Write("\"ShardIterator\":"u8);
            WriteText(parameter, to);
        }

        if (action.NeedsStream)
        {
            to.Write("\"StreamName\":"u8);
            WriteText(stream, to);
        }

        if (action == KinesisAction.GetShardIterator)
        {
            to.Write(",\"ShardIteratorType\":\"TRIM_HORIZON\",\"ShardId\":"u8);
            WriteText(parameter, to);
        }

        var isWhole = !action.ReadsBody || WriteBody(action, body, to);
        to.WriteByte((byte)'}');
        return isWhole;
    }

    private static bool WriteBody(KinesisAction action, ReadOnlySpan<byte> body, ByteWriter to)
    {
        // A request without a body is mapped as one with an empty object.
        if (body.IsEmpty) body = "{}"u8;
        var reader = new Utf8JsonReader(body, s_reading);
        try
        {
            reader.Read();
            if (action == KinesisAction.PutRecord) WriteRecord(ref reader, body, to);
            else if (action == KinesisAction.PutRecords && !WriteRecords(ref reader, body, to)) return false;
            else if (action == KinesisAction.CreateStream) WriteShardCount(ref reader, body, to);
            // Throws when something follows the value.
            reader.Read();
            return true;
        }
        catch (InvalidOperationException fault)
        {
            // An escaped half of a surrogate pair, in a name or a value, is JSON by its grammar and no text.
            throw new JsonException(fault.Message, fault);
        }
    }

    private static void WriteRecord(ref Utf8JsonReader reader, ReadOnlySpan<byte> body, ByteWriter to)
    {
        JsonSlice.ReadMembers(ref reader, body, "Data"u8, "PartitionKey"u8, out var data, out var key);
        to.Write(",\"Data\":\""u8);
        // $input.json gives the JSON text: strings keep their quotes, and what is not there is the empty string's text.
        WriteBase64(data.Type == JsonTokenType.None ? "\"\""u8 : data.Text, to);
        to.Write("\",\"PartitionKey\":"u8);
        WriteValue(key, to);
    }

    private static bool WriteRecords(ref Utf8JsonReader reader, ReadOnlySpan<byte> body, ByteWriter to)
    {
        to.Write(",\"Records\":["u8);
        var start = to.Length;
        if (reader.TokenType != JsonTokenType.StartObject) reader.Skip();
        else
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isRecords = reader.ValueTextEquals("records"u8);
                reader.Read();
                if (!isRecords || reader.TokenType != JsonTokenType.StartArray)
                {
                    reader.Skip();
                    continue;
                }

                to.Reset(start);
                if (!WriteElements(ref reader, body, to)) return false;
            }
        }

        to.WriteByte((byte)']');
        return true;
    }

    private static bool WriteElements(ref Utf8JsonReader reader, ReadOnlySpan<byte> body, ByteWriter to)
    {
        for (var count = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; count++)
        {
            if (count == GatewayLimits.MappedRecordsMax) return false;
            JsonSlice.ReadMembers(ref reader, body, "data"u8, "partition-key"u8, out var data, out var key);
            to.Write(count == 0 ? "{\"Data\":\""u8 : ",{\"Data\":\""u8);
            // $elem.data is the value: a string loses its quotes, anything else is its JSON text.
            if (data.Type == JsonTokenType.String) WriteUnquotedBase64(data, to);
            else if (!data.IsMissing) WriteBase64(data.Text, to);
            to.Write("\",\"PartitionKey\":"u8);
            WriteValue(key, to);
            to.WriteByte((byte)'}');
        }

        return true;
    }

    private static void WriteShardCount(ref Utf8JsonReader reader, ReadOnlySpan<byte> body, ByteWriter to)
    {
        JsonSlice.ReadMembers(ref reader, body, "ShardCount"u8, default, out var count, out _);
        to.Write(",\"ShardCount\":"u8);
        var isText = count.Type == JsonTokenType.String;
        if (count.IsMissing || (isText && count.Text.Length == 2)) to.Write(Encoding.UTF8.GetBytes(ShardCount.ToString(CultureInfo.InvariantCulture)));
        else to.Write(isText && IsDigits(count.Text[1..^1]) ? count.Text[1..^1] : count.Text);
    }

    private static bool IsDigits(ReadOnlySpan<byte> text) => !text.ContainsAnyExceptInRange((byte)'0', (byte)'9');

    private static void WriteBase64(ReadOnlySpan<byte> bytes, ByteWriter to)
    {
        Base64.EncodeToUtf8(bytes, to.GetSpan(Base64.GetMaxEncodedToUtf8Length(bytes.Length)), out _, out var written);
        to.Advance(written);
    }

    private static void WriteUnquotedBase64(JsonSlice text, ByteWriter to)
    {
        if (!text.Text.Contains((byte)'\\'))
        {
            WriteBase64(text.Text[1..^1], to);
            return;
        }

        var reader = new Utf8JsonReader(text.Text);
        reader.Read();
        var room = to.GetSpan(Base64.GetMaxEncodedToUtf8Length(text.Text.Length));
        Base64.EncodeToUtf8InPlace(room, reader.CopyString(room), out var written);
        to.Advance(written);
    }

    /// <summary>Writes a value inside quotes, as <c>"$input.path(...)"</c> does; nothing is the empty string.</summary>
    private static void WriteValue(JsonSlice value, ByteWriter to)
    {
        if (value.IsMissing) to.Write("\"\""u8);
        else if (value.Type == JsonTokenType.String) to.Write(value.Text);
        else WriteText(Encoding.UTF8.GetString(value.Text[..Math.Min(value.Text.Length, GatewayLimits.MappedKeyBytesMax)]), to);
    }

    private static void WriteText(ReadOnlySpan<char> text, ByteWriter to)
    {
        if (text.ContainsAnyExcept(s_plain))
        {
            to.WriteByte((byte)'"');
            to.Write(JsonEncodedText.Encode(text).EncodedUtf8Bytes);
            to.WriteByte((byte)'"');
            return;
        }

        var span = to.GetSpan(text.Length + 2);
        span[0] = (byte)'"';
        Encoding.ASCII.GetBytes(text, span[1..]);
        span[text.Length + 1] = (byte)'"';
        to.Advance(text.Length + 2);
    }
}

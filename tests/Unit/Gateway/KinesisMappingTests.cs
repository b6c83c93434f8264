using System.Text;
using System.Text.Json;
using CsCheck;
using Sluice.Bytes;
using Sluice.Gateway.Kinesis;

namespace Sluice.Unit.Gateway;

/// <summary>Whatever a caller sends, Kinesis gets one JSON object with the stream of the path, or the caller hears that it is no JSON.</summary>
public sealed class KinesisMappingTests
{
    private static readonly string[] s_pieces =
    [
        "{", "}", "[", "]", ",", ":", "\"Data\"", "\"PartitionKey\"", "\"records\"", "\"data\"", "\"partition-key\"", "\"ShardCount\"", "\"x\\\"y\"", "\"\\ud800\"",
        "\"\"", "1", "-2.5e3", "null", "true", " ", "\"é\"", "\\",
    ];

    private static readonly Gen<string> s_body = Gen.Int[0, s_pieces.Length - 1].Array[0, 12].Select(at => string.Concat(at.Select(i => s_pieces[i])));

    private static readonly Gen<string> s_object = Gen.Int[6, s_pieces.Length - 1].Array[0, 6].Select(at => at.Select(i => s_pieces[i]).ToArray()).Select(parts =>
        $$"""{"records":[{"data":{{parts.FirstOrDefault("1")}},"partition-key":{{parts.LastOrDefault("2")}}}],"Data":{{string.Concat(parts)}},"PartitionKey":"k"}""");

    [Fact]
    public void Any_body_becomes_one_object_or_is_refused() => Gen.OneOf(s_body, s_object).Sample(
        body =>
        {
            var isJson = IsJson(body);
            foreach (var action in new[] { KinesisAction.PutRecord, KinesisAction.PutRecords, KinesisAction.CreateStream })
            {
                if (Map(action, body) is not { } mapped) continue;
                if (!isJson) return false;
                if (mapped.GetProperty("StreamName").GetString() != "s\"1") return false;
                if (action == KinesisAction.PutRecord) mapped.GetProperty("Data").GetBytesFromBase64();
            }

            return true;
        },
        iter: 20_000);

    [Fact]
    public void A_deep_body_is_read_as_deep_as_api_gateway_reads()
    {
        Map(KinesisAction.PutRecord, Deep(999)).ShouldNotBeNull();
        Map(KinesisAction.PutRecord, Deep(1001)).ShouldBeNull();

        static string Deep(int levels) => $$"""{"Data":{{new string('[', levels)}}{{new string(']', levels)}},"PartitionKey":"k"}""";
    }

    private static bool IsJson(string body)
    {
        if (body.Length == 0) return true;
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(body));
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            // That is the answer.
            return false;
        }
    }

    private static JsonElement? Map(KinesisAction action, string body)
    {
        using var to = new ByteWriter();
        try
        {
            KinesisMapping.Write(action, "s\"1", "", Encoding.UTF8.GetBytes(body), to);
            return JsonElement.Parse(to.WrittenSpan);
        }
        catch (JsonException) when (!IsJson(body) || body.Contains("\\ud800", StringComparison.Ordinal) || body.Length > 1500)
        {
            return null;
        }
    }
}

using System.Text;
using System.Text.Json;
using CsCheck;
using Sluice.Bytes;
using Sluice.Gateway.Config;
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

    /// <summary>API Gateway ends a template at the 1,001st iteration of a #foreach; here it also bounds what a small body can grow to.</summary>
    [Fact]
    public void A_thousand_records_are_mapped_and_one_more_is_not()
    {
        Map(KinesisAction.PutRecords, Many(GatewayLimits.MappedRecordsMax)).ShouldNotBeNull().GetProperty("Records").GetArrayLength().ShouldBe(1000);
        Map(KinesisAction.PutRecords, Many(GatewayLimits.MappedRecordsMax + 1)).ShouldBeNull();

        static string Many(int records) => $$"""{"records":[{{string.Join(',', Enumerable.Repeat("{}", records))}}]}""";
    }

    [Fact]
    public void A_key_of_any_length_is_taken_over_only_as_far_as_it_can_matter()
    {
        var key = Map(KinesisAction.PutRecord, $$"""{"Data":1,"PartitionKey":["{{new string('k', 100_000)}}"]}""").ShouldNotBeNull().GetProperty("PartitionKey");
        key.GetString()!.Length.ShouldBe(GatewayLimits.MappedKeyBytesMax);
    }

    [Fact]
    public void Escaped_text_is_unescaped_before_it_is_encoded()
    {
        var text = string.Concat(Enumerable.Range(0, 300).Select(i => $"\"{i}\t\u00e9\\"));
        var body = JsonSerializer.Serialize(new { records = new[] { new Dictionary<string, string> { ["data"] = text, ["partition-key"] = "k" } } });
        var data = Map(KinesisAction.PutRecords, body).ShouldNotBeNull().GetProperty("Records")[0].GetProperty("Data").GetBytesFromBase64();
        Encoding.UTF8.GetString(data).ShouldBe(text);
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
            return KinesisMapping.TryWrite(action, "s\"1", "", Encoding.UTF8.GetBytes(body), to) ? JsonElement.Parse(to.WrittenSpan) : null;
        }
        catch (JsonException) when (!IsJson(body) || body.Contains("\\ud800", StringComparison.Ordinal) || body.Length > 1500)
        {
            return null;
        }
    }
}

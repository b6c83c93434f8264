using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.KafkaRest;
using Sluice.Testing;

namespace Sluice.Fuzz.KafkaRest;

/// <summary>Mutations of valid produce bodies: always a documented status, and what is accepted is stored as it was sent.</summary>
public sealed class ProduceFuzzTests
{
    private const int Rounds = 20_000;

    private static readonly string[] s_seeds =
    [
        """{"records":[{"value":{"index":1,"title":"caf\u00e9 \uD83D\uDE00","tags":["a","b"],"n":-1.5e10,"none":null}}]}""",
        """{"records":[{"key":"k","value":[1,2,3]},{"key":null,"value":null,"partition":0},{"value":"text"}]}""",
        """{"key_schema":"{}","value_schema_id":1,"records":[{"value":true},{"value":false},{"value":0}]}""",
        "{ \"records\" : [ { \"value\" : { \"deep\" : [[[[[[{}]]]]]] } } ] }",
        "{\"records\":[{\"value\":\"\u00fc\u20ac\U0001F600\"},{\"partition\":1,\"value\":{}}]}",
    ];

    private static readonly string[] s_binarySeeds =
    [
        """{"records":[{"key":"a2V5","value":"AAEC\/w=="},{"value":"AAEC\u002Fw"},{"value":""},{"value":null}]}""",
    ];

    private static readonly byte[][] s_tokens =
    [
        .. new[] { "{", "}", "[", "]", ",", ":", "\"", "\\", "\\ud800", "\\u0000", "null", "1e999", "-", "records", "value", "\"key\":", "\n", "=", "\u00e9" }
            .Select(Encoding.UTF8.GetBytes),
        [0xff], [0xc3], [0xed, 0xa0, 0x80], [0], [0xef, 0xbb, 0xbf],
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(20260101)]
    public async Task A_mutated_json_body_is_stored_as_sent_or_refused(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < Rounds; round++)
        {
            var body = Mutate(Encoding.UTF8.GetBytes(s_seeds[random.Next(s_seeds.Length)]), random);
            var (status, answer, log) = await PostAsync(body, "application/vnd.kafka.json.v2+json");
            var hint = $"seed {seed}, round {round}: {Convert.ToBase64String(body)} -> {status} {answer}";
            status.ShouldBeOneOf([200, 400, 404, 413, 422], hint);
            var expected = status == 200 ? RawValues(body) : [];
            Stored(log).ShouldBe(expected, ignoreOrder: true, hint);
            (status == 200).ShouldBe(expected.Count > 0, hint);
        }
    }

    [Theory]
    [InlineData(2)]
    public async Task A_mutated_binary_body_is_decoded_or_refused(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < Rounds; round++)
        {
            var body = Mutate(Encoding.UTF8.GetBytes(s_binarySeeds[random.Next(s_binarySeeds.Length)]), random);
            var (status, answer, log) = await PostAsync(body, "application/vnd.kafka.binary.v2+json");
            var hint = $"seed {seed}, round {round}: {Convert.ToBase64String(body)} -> {status} {answer}";
            status.ShouldBeOneOf([200, 400, 404, 413, 422], hint);
            if (status != 200) continue;
            var values = log.Records("t").Select(r => r.Value is null ? null : Convert.ToHexString(r.Value));
            values.ShouldBe(DecodedValues(body), ignoreOrder: true, hint);
        }
    }

    private static async Task<(int Status, string Answer, InMemoryLog Log)> PostAsync(byte[] body, string contentType)
    {
        var log = new InMemoryLog();
        log.AddTopic("t", 2);
        var proxy = new KafkaRestProxy(log, log, new KafkaRestOptions(), TimeProvider.System, NullLogger.Instance);
        var http = new DefaultHttpContext();
        http.Request.Method = "POST";
        http.Request.Path = "/topics/t/partitions/0";
        http.Request.ContentType = contentType;
        http.Request.ContentLength = body.Length;
        http.Request.Body = new MemoryStream(body);
        var answer = new MemoryStream();
        http.Response.Body = answer;
        await proxy.InvokeAsync(http);
        await http.Response.BodyWriter.FlushAsync();
        using var parsed = JsonDocument.Parse(answer.ToArray());
        return (http.Response.StatusCode, parsed.RootElement.GetRawText(), log);
    }

    private static List<string?> Stored(InMemoryLog log) =>
        [.. Enumerable.Range(0, 2).SelectMany(p => log.Records("t", p)).Select(r => r.Value is null ? null : Encoding.UTF8.GetString(r.Value))];

    /// <summary>The values by another reader; null for a record without one. Records for a partition that is not there are left out.</summary>
    private static List<string?> RawValues(byte[] body) => Values(body, value => value.GetRawText());

    private static List<string?> DecodedValues(byte[] body) => Values(body, value =>
    {
        var text = value.GetString()!.TrimEnd('=');
        return Convert.ToHexString(Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '=')));
    });

    private static List<string?> Values(byte[] body, Func<JsonElement, string> text)
    {
        var span = body.AsSpan();
        if (span.StartsWith("\uFEFF"u8)) span = span[3..];
        using var parsed = JsonDocument.Parse(span.ToArray());
        return [.. parsed.RootElement.GetProperty("records").EnumerateArray()
            .Where(record => !record.TryGetProperty("partition", out var p) || p.ValueKind == JsonValueKind.Null || p.GetInt32() < 2)
            .Select(record => record.TryGetProperty("value", out var value) && value.ValueKind != JsonValueKind.Null ? text(value) : null)];
    }

    private static byte[] Mutate(byte[] body, Random random)
    {
        var bytes = body.ToList();
        for (var i = random.Next(4); i >= 0 && bytes.Count > 0; i--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes.RemoveAt(at); break;
                case 2: bytes.InsertRange(at, s_tokens[random.Next(s_tokens.Length)]); break;
                case 3: bytes.RemoveRange(at, random.Next(bytes.Count - at)); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(at, random.Next(Math.Min(30, bytes.Count - at)))); break;
                default: bytes.InsertRange(random.Next(bytes.Count), "  \t\n"u8); break;
            }
        }

        return [.. bytes];
    }
}

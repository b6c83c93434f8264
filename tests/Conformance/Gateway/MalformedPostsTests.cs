using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Gateway.Config;
using Sluice.KafkaRest;
using Sluice.Testing;

namespace Sluice.Conformance.Gateway;

/// <summary>Two hundred bad posts and more through gateway and proxy, with good ones beside them.</summary>
public sealed class MalformedPostsTests
{
    private const string Json = "application/vnd.kafka.json.v2+json";
    private const string Binary = "application/vnd.kafka.binary.v2+json";
    private const string Good = """{"records":[{"value":{"index":7528,"category":"mens-fashion"}}]}""";
    private const string Secret = "0123456789abcdefghijABCDEFGHIJ";
    private const int LargeBytes = 11 * 1024 * 1024;

    [Fact]
    public async Task Each_bad_post_is_refused_in_words_and_every_good_one_beside_it_is_stored()
    {
        var log = new InMemoryLog();
        log.AddTopic("0a1b.pin");
        var proxy = new KafkaRestProxy(log, log, new KafkaRestOptions(), TimeProvider.System, NullLogger.Instance);
        await using var bed = await GatewayBed.StartAsync(
            new GatewayConfig
            {
                ApiKeys = new() { ["posters"] = new ApiKeyConfig { Value = Secret } },
                Stages = new() { ["dev"] = new StageConfig { ApiKeyRequired = true } },
            },
            proxy.InvokeAsync);

        var posts = BadPosts().ToList();
        posts.Count.ShouldBeGreaterThanOrEqualTo(200);
        var wrong = new List<string>();
        foreach (var post in posts)
        {
            var bad = SendAsync(bed, post);
            var good = await SendAsync(bed, new Post("good", Encoding.UTF8.GetBytes(Good)));
            var (status, body) = await bad;
            if (good.Status != 200) wrong.Add($"a good post beside '{post.Name}' was answered {good.Status} {good.Body}");
            if (status != post.Status || !SaysWhy(body)) wrong.Add($"'{post.Name}' was answered {status} {body} instead of {post.Status}");
        }

        wrong.ShouldBeEmpty();
        var stored = log.Records("0a1b.pin");
        stored.Count.ShouldBe(posts.Count);
        stored.ShouldAllBe(record => Good.Contains(Encoding.UTF8.GetString(record.Value!)));
    }

    private static IEnumerable<Post> BadPosts()
    {
        var good = Encoding.UTF8.GetBytes(Good);
        for (var length = 1; length < good.Length; length++) yield return new Post($"cut after {length} bytes", good[..length], 400);
        foreach (var position in Enumerable.Range(0, 48))
        {
            byte[] broken = [.. good[..(position + 15)], (byte)(0x80 + position), .. good[(position + 15)..]];
            yield return new Post($"invalid UTF-8 at {position + 15}", broken, 400);
        }

        foreach (var (body, status) in WrongBodies()) yield return new Post(body, Encoding.UTF8.GetBytes(body), status);
        foreach (var type in new[] { "application/json", "text/plain", "application/vnd.kafka.v2+json", "application/x-www-form-urlencoded", "nonsense/x" })
        {
            yield return new Post(type, good, 415, ContentType: type);
        }

        foreach (var value in new[] { "%%%%", "Y", "a b=", "=", "YQ=Q", "\\u00e9", "YQ==YQ==", "YWJj\\n" })
        {
            var body = $$"""{"records":[{"value":"{{value}}"}]}""";
            yield return new Post("base64 " + value, Encoding.UTF8.GetBytes(body), 422, ContentType: Binary);
        }

        foreach (var topic in new[] { "none", "0a1b.geo", "0A1B.PIN", "0a1b.pin%20", "..%2F0a1b.pin", "%0a", new string('t', 300) })
        {
            yield return new Post("topic " + topic, good, 404, Path: "/dev/topics/" + topic);
        }

        yield return new Post("path", good, 404, Path: "/dev/topic/0a1b.pin");
        yield return new Post("partition", good, 404, Path: "/dev/topics/0a1b.pin/partitions/9");
        yield return new Post("stage", good, 403, Path: "/prod/topics/0a1b.pin");
        foreach (var key in new[] { null, "", "x", Secret[1..], Secret + "x", Secret.ToLowerInvariant() }) yield return new Post("key " + key, good, 403, Key: key);
        for (var i = 0; i < 2; i++)
        {
            yield return new Post("11 MB", new byte[LargeBytes], 413);
            yield return new Post("11 MB of unknown length", new byte[LargeBytes], 413, Chunked: true);
        }
    }

    private static IEnumerable<(string Body, int Status)> WrongBodies()
    {
        foreach (var body in new[] { "", " ", "null" }) yield return (body, 422);
        foreach (var body in new[] { "1", "true", "\"x\"", "[]", "[{}]" }) yield return (body, 400);
        foreach (var field in new[] { "ind", "index", "Records", "record", "value", "data", "" }) yield return ($$"""{"{{field}}":[]}""", 422);
        foreach (var field in new[] { "ind", "Value", "headers", "timestamp", "offset", "topic" }) yield return ($$"""{"records":[{"{{field}}":1}]}""", 422);
        foreach (var records in new[] { "null", "[]" }) yield return ($$"""{"records":{{records}}}""", 422);
        foreach (var records in new[] { "{}", "1", "\"x\"", "true" }) yield return ($$"""{"records":{{records}}}""", 400);
        foreach (var record in new[] { "1", "null", "[]", "\"x\"", "false" }) yield return ($$"""{"records":[{"value":1},{{record}}]}""", 400);
        foreach (var partition in new[] { "\"0\"", "0.5", "1e99", "99999999999", "true", "{}", "[]" }) yield return ($$"""{"records":[{"partition":{{partition}},"value":1}]}""", 400);
        foreach (var broken in new[] { "01", "+1", ".5", "1.", "NaN", "Infinity", "'x'", "undefined", "{a:1}", "{\"a\":1,}", "[1,]", "\"\\x\"", "\"\\u12\"", "tru", "--1" })
        {
            yield return ($$"""{"records":[{"value":{{broken}}}]}""", 400);
        }

        yield return ("""{"records":[{"partition":-1,"value":1}]}""", 422);
        yield return ("""{"records":[{"value":1,"value":2}]}""", 422);
        yield return ("""{"records":[{"value":1}],"records":[]}""", 422);
        yield return (Good + Good, 400);
        yield return (Good + "x", 400);
        yield return ("""{"records":[{"value":""" + new string('[', 100_000), 400);
        yield return ("""{"records":[{"value":""" + string.Concat(Enumerable.Repeat("{\"a\":", 50_000)), 400);
    }

    private static async Task<(int Status, string Body)> SendAsync(GatewayBed bed, Post post)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, post.Path) { Content = new ByteArrayContent(post.Body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", post.ContentType);
        if (post.Key is not null) request.Headers.TryAddWithoutValidation("x-api-key", post.Key);
        request.Headers.TransferEncodingChunked = post.Chunked;
        using var response = await bed.Client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static bool SaysWhy(string body)
    {
        using var parsed = JsonDocument.Parse(body);
        return parsed.RootElement.GetProperty("message").GetString() is { Length: > 0 };
    }

    private sealed record Post(
        string Name,
        byte[] Body,
        int Status = 200,
        string Path = "/dev/topics/0a1b.pin",
        string ContentType = Json,
        string? Key = Secret,
        bool Chunked = false);
}

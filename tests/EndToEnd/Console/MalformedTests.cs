using System.Net;
using System.Text;
using System.Text.Json;

namespace Sluice.EndToEnd.Console;

public sealed class MalformedTests
{
    private const string Json = "application/vnd.kafka.json.v2+json";
    private const string Key = "a-key-of-twenty-characters";

    /// <summary>Posts that are refused as a whole: what is wrong, the content type, the body, the status.</summary>
    private static readonly (string Name, string Topic, string ContentType, byte[] Body, HttpStatusCode Status)[] s_refused =
    [
        ("no JSON", "demo.user", Json, "rows"u8.ToArray(), HttpStatusCode.BadRequest),
        ("truncated", "demo.user", Json, """{"records":[{"value":{"ind":1"""u8.ToArray(), HttpStatusCode.BadRequest),
        ("an array", "demo.user", Json, "[]"u8.ToArray(), HttpStatusCode.BadRequest),
        ("no records", "demo.user", Json, "{}"u8.ToArray(), (HttpStatusCode)422),
        ("a bare row", "demo.user", Json, """{"ind":1,"age":20}"""u8.ToArray(), (HttpStatusCode)422),
        ("records of another type", "demo.user", Json, """{"records":7}"""u8.ToArray(), HttpStatusCode.BadRequest),
        ("an unknown field", "demo.user", Json, """{"records":[{"valeu":{}}]}"""u8.ToArray(), (HttpStatusCode)422),
        ("invalid UTF-8", "demo.user", Json, [.. """{"records":[{"value":"""u8, (byte)'"', 0xC3, 0x28, (byte)'"', .. "}]}"u8], HttpStatusCode.BadRequest),
        ("empty", "demo.user", Json, [], (HttpStatusCode)422),
        ("another content type", "demo.user", "text/plain", "{}"u8.ToArray(), HttpStatusCode.UnsupportedMediaType),
        ("an unknown topic", "demo.nobody", Json, """{"records":[{"value":{}}]}"""u8.ToArray(), HttpStatusCode.NotFound),
        ("11 MB", "demo.user", Json, Encoding.ASCII.GetBytes($$"""{"records":[{"value":"{{new string('x', 11 << 20)}}"}]}"""), HttpStatusCode.RequestEntityTooLarge),
    ];

    /// <summary>Records that the proxy takes, for they are JSON, and that cleaning puts into quarantine.</summary>
    private static readonly (string Row, string Reason)[] s_quarantined =
    [
        ("""{"ind":"x","first_name":"A","last_name":"B","age":30,"date_joined":"2016-01-01 00:00:00"}""", "ind"),
        ("""{"ind":900001,"first_name":"A","last_name":"B","age":"old","date_joined":"2016-01-01 00:00:00"}""", "age"),
        ("""{"ind":900002,"last_name":"B","age":30,"date_joined":"2016-01-01 00:00:00"}""", "first_name"),
        ("""{"ind":900003,"first_name":"A","last_name":"B","age":30,"date_joined":"yesterday"}""", "date_joined"),
        ("""{"first_name":"A","last_name":"B","age":30,"date_joined":"2016-01-01 00:00:00"}""", "ind"),
        ("[1,2]", "object"),
        ("\"text\"", "object"),
        ("null", "object"),
    ];

    [Fact(Timeout = 180_000)]
    public async Task Two_hundred_bad_posts_are_answered_clearly_and_spoil_nothing()
    {
        await using var station = new Station(
            $$"""
            gateway:
              api-keys: { poster: { value: {{Key}} } }
              stages: { dev: { api-key-required: true } }
            """);
        await station.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(station.Gateway) };
        var good = 0;
        var quarantined = 0;
        for (var post = 0; post < 200; post++)
        {
            if (post % 20 == 19) await RefuseKeyAsync(http, post);
            else if (post % 2 == 0) await RefuseAsync(http, s_refused[post / 2 % s_refused.Length]);
            else quarantined += await TakeAsync(http, s_quarantined[post / 2 % s_quarantined.Length].Row);
            good += await TakeAsync(http, $$"""{"ind":{{post}},"first_name":"Ada","last_name":"L","age":36,"date_joined":"2016-12-10T00:00:00"}""");
        }

        await station.RunAsync("run", "daily");
        var user = (await station.LedgerAsync()).GetProperty("lines").EnumerateArray()
            .Single(l => l.GetProperty("dataset").GetString() == "user" && l.GetProperty("path").GetString() == "batch");
        user.GetProperty("clean").GetInt64().ShouldBe(good);
        user.GetProperty("quarantined").GetInt64().ShouldBe(quarantined);
        user.GetProperty("closes").GetBoolean().ShouldBeTrue();
        await ReasonsNameTheFaultAsync(station);
        (await File.ReadAllTextAsync(Path.Combine(station.Data, "access.log"))).ShouldNotContain(Key);
        (await station.StopAsync()).ShouldBe(0);
    }

    private static async Task RefuseAsync(HttpClient http, (string Name, string Topic, string ContentType, byte[] Body, HttpStatusCode Status) bad)
    {
        using var answer = await PostAsync(http, bad.Topic, bad.ContentType, bad.Body, Key);
        var body = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(bad.Status, $"{bad.Name}: {body}");
        JsonDocument.Parse(body).RootElement.GetProperty("message").GetString().ShouldNotBeNullOrWhiteSpace(bad.Name);
    }

    private static async Task RefuseKeyAsync(HttpClient http, int post)
    {
        using var answer = await PostAsync(http, "demo.user", Json, """{"records":[{"value":{}}]}"""u8.ToArray(), post % 40 == 19 ? null : "not the key");
        answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("Forbidden");
    }

    private static async Task<int> TakeAsync(HttpClient http, string row)
    {
        using var answer = await PostAsync(http, "demo.user", Json, Encoding.UTF8.GetBytes($$"""{"records":[{"value":{{row}}}]}"""), Key);
        var body = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, $"{row}: {body}");
        return 1;
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient http, string topic, string contentType, byte[] body, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/dev/topics/{topic}") { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        if (key is not null) request.Headers.Add("x-api-key", key);
        return await http.SendAsync(request);
    }

    private static async Task ReasonsNameTheFaultAsync(Station station)
    {
        var rows = await station.RunAsync("query", "SELECT raw, reasons FROM quarantine.user", "--json");
        foreach (var line in rows.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement))
        {
            var raw = line.GetProperty("raw").GetString();
            line.GetProperty("reasons").ToString().ShouldContain(s_quarantined.First(q => q.Row == raw).Reason, Case.Insensitive, raw);
        }
    }
}

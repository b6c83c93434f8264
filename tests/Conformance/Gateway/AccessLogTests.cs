using Sluice.Gateway.Config;

namespace Sluice.Conformance.Gateway;

public sealed class AccessLogTests
{
    private const string Secret = "0123456789abcdefghijABCDEFGHIJ";

    [Fact]
    public async Task A_request_is_one_line_that_says_who_what_and_how_long()
    {
        var config = new GatewayConfig { ApiKeys = new() { ["posters"] = new ApiKeyConfig { Value = Secret } } };
        var bed = await GatewayBed.StartAsync(config);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/dev/topics/a?x=1");
        request.Headers.Add("x-api-key", Secret);
        using var response = await bed.Client.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        var line = (await bed.StopAndReadLogAsync()).ShouldHaveSingleItem();
        line.GetProperty("requestId").GetString().ShouldBe(GatewayBed.Header(response, "x-amzn-RequestId"));
        line.GetProperty("ip").GetString().ShouldBe("127.0.0.1");
        line.GetProperty("stage").GetString().ShouldBe("dev");
        line.GetProperty("method").GetString().ShouldBe("POST");
        line.GetProperty("path").GetString().ShouldBe("/dev/topics/a");
        line.GetProperty("query").GetString().ShouldBe("?x=1");
        line.GetProperty("status").GetInt32().ShouldBe(200);
        line.GetProperty("responseLength").GetInt64().ShouldBe(body.Length);
        line.GetProperty("keyId").GetString().ShouldBe("posters");
        var latency = line.GetProperty("latency").GetDouble();
        line.GetProperty("integrationLatency").GetDouble().ShouldBeInRange(0, latency);
        line.TryGetProperty("error", out _).ShouldBeFalse();
        line.GetProperty("time").GetDateTime().Kind.ShouldBe(DateTimeKind.Utc);
    }

    [Fact]
    public async Task A_refusal_is_logged_with_its_type_and_without_an_integration()
    {
        var bed = await GatewayBed.StartAsync();
        await bed.SendAsync(HttpMethod.Get, "/nowhere\u0022%0a");
        var line = (await bed.StopAndReadLogAsync()).ShouldHaveSingleItem();
        line.GetProperty("status").GetInt32().ShouldBe(403);
        line.GetProperty("error").GetString().ShouldBe("MISSING_AUTHENTICATION_TOKEN");
        line.GetProperty("path").GetString().ShouldBe("/nowhere\"\n");
        line.GetProperty("integrationLatency").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
        line.GetProperty("stage").GetString().ShouldBeNull();
    }

    [Fact]
    public async Task No_secret_is_in_the_log()
    {
        var config = new GatewayConfig
        {
            ApiKeys = new() { ["posters"] = new ApiKeyConfig { Value = Secret } },
            Stages = new() { ["dev"] = new StageConfig { ApiKeyRequired = true } },
        };
        var bed = await GatewayBed.StartAsync(config);
        const string Hidden = "hunter2hunter2hunter2";
        await bed.SendAsync(HttpMethod.Post, "/dev/topics/a", null, ("x-api-key", Secret), ("Authorization", Hidden));
        await bed.SendAsync(HttpMethod.Post, "/dev/topics/a", null, ("x-api-key", Hidden));
        foreach (var name in new[] { "api_key", "x-api-key", "token", "password", "X-Amz-Signature", "%74oken", "%2574oken", "X-Amz-Security-Token", "clientSecret" })
        {
            await bed.SendAsync(HttpMethod.Get, $"/dev/topics?a=1&{name}={Hidden}&b=2");
        }

        var lines = await bed.StopAndReadLogAsync();
        lines.Count.ShouldBe(11);
        bed.AccessLogText().ShouldNotContain(Hidden);
        bed.AccessLogText().ShouldNotContain(Secret);
        lines[^1].GetProperty("query").GetString().ShouldBe("?a=1&clientSecret=REDACTED&b=2");
        config.ApiKeys["posters"].ToString().ShouldNotContain(Secret);
        config.ToString().ShouldNotContain(Secret);
    }
}

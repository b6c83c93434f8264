using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Sluice.Gateway.Config;

namespace Sluice.Conformance.Gateway;

/// <summary>Which requests are let in, and how the others are answered.</summary>
public sealed class AdmissionTests
{
    private const string Secret = "0123456789abcdefghijABCDEFGHIJ";
    private const string OtherSecret = "zzzz456789abcdefghijABCDEFGHIJ";

    [Theory]
    [InlineData("/dev/topics/a.pin", "POST /dev|/topics/a.pin| 0")]
    [InlineData("/dev/topics", "POST /dev|/topics| 0")]
    [InlineData("/dev/topics/a.pin/partitions/0?x=1", "POST /dev|/topics/a.pin/partitions/0|?x=1 0")]
    [InlineData("/dev/brokers/", "POST /dev|/brokers/| 0")]
    public async Task A_route_calls_its_service_with_the_path_after_the_stage(string path, string seen)
    {
        await using var bed = await GatewayBed.StartAsync();
        (await bed.SendAsync(HttpMethod.Post, path)).ShouldBe((200, seen, null));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/dev")]
    [InlineData("/dev/")]
    [InlineData("/Dev/topics")]
    [InlineData("/devs/topics")]
    [InlineData("/topics/a.pin")]
    [InlineData("/other/topics/a.pin")]
    [InlineData("/dev/../topics")]
    public async Task What_no_route_takes_is_missing_its_authentication_token(string path)
    {
        await using var bed = await GatewayBed.StartAsync();
        (await bed.SendAsync(HttpMethod.Post, path)).ShouldBe(
            (403, """{"message":"Missing Authentication Token"}""", "MissingAuthenticationTokenException"));
    }

    [Fact]
    public async Task A_method_that_no_route_takes_is_missing_its_authentication_token()
    {
        var stage = new StageConfig { Routes = [new RouteConfig { Method = "post", Path = "/topics/{topic}" }] };
        await using var bed = await GatewayBed.StartAsync(new GatewayConfig { Stages = new() { ["s"] = stage } });
        (await bed.SendAsync(HttpMethod.Post, "/s/topics/x")).Status.ShouldBe(200);
        (await bed.SendAsync(HttpMethod.Get, "/s/topics/x")).Status.ShouldBe(403);
        (await bed.SendAsync(HttpMethod.Post, "/s/topics/x/y")).Status.ShouldBe(403);
    }

    [Fact]
    public async Task A_method_that_a_path_does_not_have_is_found_on_a_wider_path()
    {
        await using var bed = await GatewayBed.StartAsync(kinesis: http => http.Response.WriteAsync("kinesis"));
        (await bed.SendAsync(HttpMethod.Put, "/dev/streams/x/record")).Body.ShouldBe("kinesis");
        (await bed.SendAsync(HttpMethod.Post, "/dev/streams/x/record")).Body.ShouldBe("POST /dev|/streams/x/record| 0");
    }

    [Fact]
    public async Task A_required_key_opens_and_everything_else_is_forbidden()
    {
        await using var bed = await GatewayBed.StartAsync(Keyed(new ApiKeyConfig { Value = Secret }));
        var forbidden = (403, """{"message":"Forbidden"}""", "ForbiddenException");
        (await bed.SendAsync(HttpMethod.Get, "/dev/topics", null, ("x-api-key", Secret))).Status.ShouldBe(200);
        (await bed.SendAsync(HttpMethod.Get, "/dev/topics", null, ("X-API-Key", Secret))).Status.ShouldBe(200);
        (await bed.SendAsync(HttpMethod.Get, "/dev/topics")).ShouldBe(forbidden);
        foreach (var wrong in new[] { "", "x", Secret[..^1], Secret + "x", OtherSecret, new string('x', 4000) })
        {
            (await bed.SendAsync(HttpMethod.Get, "/dev/topics", null, ("x-api-key", wrong))).ShouldBe(forbidden, wrong);
        }
    }

    [Fact]
    public async Task Keys_can_be_disabled_and_bound_to_stages_and_routes_can_do_without()
    {
        var config = new GatewayConfig
        {
            ApiKeys = new()
            {
                ["dev-only"] = new ApiKeyConfig { Value = Secret, Stages = ["dev"] },
                ["off"] = new ApiKeyConfig { Value = OtherSecret, Enabled = false },
            },
            Stages = new()
            {
                ["dev"] = new StageConfig
                {
                    ApiKeyRequired = true,
                    Routes = [new() { Path = "/{proxy+}" }, new() { Path = "/brokers", ApiKeyRequired = false }],
                },
                ["test"] = new StageConfig { ApiKeyRequired = true },
            },
        };
        await using var bed = await GatewayBed.StartAsync(config);
        (await bed.SendAsync(HttpMethod.Get, "/dev/topics", null, ("x-api-key", Secret))).Status.ShouldBe(200);
        (await bed.SendAsync(HttpMethod.Get, "/test/topics", null, ("x-api-key", Secret))).Status.ShouldBe(403);
        (await bed.SendAsync(HttpMethod.Get, "/dev/topics", null, ("x-api-key", OtherSecret))).Status.ShouldBe(403);
        (await bed.SendAsync(HttpMethod.Get, "/dev/brokers")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_stage_is_throttled_to_its_burst_and_then_to_its_rate()
    {
        var time = new FakeTimeProvider();
        var stage = new StageConfig { Throttle = new ThrottleConfig { RatePerSecond = 2, Burst = 3 } };
        await using var bed = await GatewayBed.StartAsync(new GatewayConfig { Stages = new() { ["dev"] = stage } }, time: time);
        (await StatusesAsync(bed, 5)).ShouldBe([200, 200, 200, 429, 429]);
        (await bed.SendAsync(HttpMethod.Get, "/dev/topics")).ShouldBe(
            (429, """{"message":"Too Many Requests"}""", "TooManyRequestsException"));
        time.Advance(TimeSpan.FromSeconds(1));
        (await StatusesAsync(bed, 3)).ShouldBe([200, 200, 429]);
        time.Advance(TimeSpan.FromHours(1));
        (await StatusesAsync(bed, 4)).ShouldBe([200, 200, 200, 429]);
    }

    [Fact]
    public async Task A_key_has_its_own_throttle()
    {
        var slow = new ApiKeyConfig { Value = Secret, Throttle = new ThrottleConfig { RatePerSecond = 1, Burst = 1 } };
        var config = Keyed(slow);
        config.ApiKeys["fast"] = new ApiKeyConfig { Value = OtherSecret };
        await using var bed = await GatewayBed.StartAsync(config, time: new FakeTimeProvider());
        (await StatusesAsync(bed, 2, ("x-api-key", Secret))).ShouldBe([200, 429]);
        (await StatusesAsync(bed, 2, ("x-api-key", OtherSecret))).ShouldBe([200, 200]);
    }

    [Fact]
    public async Task Every_response_has_its_own_request_ids()
    {
        await using var bed = await GatewayBed.StartAsync();
        var seen = new HashSet<string>();
        for (var i = 0; i < 50; i++)
        {
            using var response = await bed.Client.GetAsync(i % 2 == 0 ? "/dev/topics" : "/nothing");
            var requestId = GatewayBed.Header(response, "x-amzn-RequestId").ShouldNotBeNull();
            requestId.ShouldMatch("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$");
            GatewayBed.Header(response, "x-amz-apigw-id").ShouldNotBeNull().ShouldMatch("^[A-Za-z0-9_-]{15}=$");
            seen.Add(requestId).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_preflight_is_answered_without_a_key_and_responses_carry_the_origin()
    {
        var config = Keyed(new ApiKeyConfig { Value = Secret });
        config.Stages["dev"] = config.Stages["dev"] with { Cors = new CorsConfig { MaxAgeSeconds = 60 } };
        await using var bed = await GatewayBed.StartAsync(config);
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/dev/topics/x");
        preflight.Headers.Add("Origin", "http://page");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        using var answer = await bed.Client.SendAsync(preflight);
        ((int)answer.StatusCode).ShouldBe(200);
        GatewayBed.Header(answer, "Access-Control-Allow-Origin").ShouldBe("*");
        GatewayBed.Header(answer, "Access-Control-Allow-Methods").ShouldBe("DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT");
        GatewayBed.Header(answer, "Access-Control-Allow-Headers").ShouldBe("Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token");
        GatewayBed.Header(answer, "Access-Control-Max-Age").ShouldBe("60");
        using var refused = await bed.Client.GetAsync("/dev/topics");
        ((int)refused.StatusCode).ShouldBe(403);
        GatewayBed.Header(refused, "Access-Control-Allow-Origin").ShouldBe("*");
    }

    [Fact]
    public async Task Without_cors_an_options_request_goes_to_the_service_and_no_origin_is_told()
    {
        await using var bed = await GatewayBed.StartAsync();
        (await bed.SendAsync(HttpMethod.Options, "/dev/topics", null, ("Access-Control-Request-Method", "POST"))).Body.ShouldStartWith("OPTIONS");
        using var response = await bed.Client.GetAsync("/dev/topics");
        GatewayBed.Header(response, "Access-Control-Allow-Origin").ShouldBeNull();
    }

    private static GatewayConfig Keyed(ApiKeyConfig key) => new()
    {
        ApiKeys = new() { ["posters"] = key },
        Stages = new() { ["dev"] = new StageConfig { ApiKeyRequired = true } },
    };

    private static async Task<List<int>> StatusesAsync(GatewayBed bed, int count, params (string, string)[] headers)
    {
        var statuses = new List<int>();
        for (var i = 0; i < count; i++) statuses.Add((await bed.SendAsync(HttpMethod.Get, "/dev/topics", null, headers)).Status);
        return statuses;
    }
}

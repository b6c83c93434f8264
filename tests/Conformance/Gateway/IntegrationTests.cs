using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Sluice.Gateway.Config;
using Sluice.Testing;

namespace Sluice.Conformance.Gateway;

/// <summary>What lies behind the gateway: services, HTTP servers, their limits and their failures.</summary>
public sealed class IntegrationTests
{
    private const int PayloadMax = 10_485_760;

    [Theory]
    [InlineData(PayloadMax, false, 200)]
    [InlineData(PayloadMax, true, 200)]
    [InlineData(PayloadMax + 1, false, 413)]
    [InlineData(PayloadMax + 1, true, 413)]
    [InlineData(11 * 1024 * 1024, false, 413)]
    [InlineData(11 * 1024 * 1024, true, 413)]
    public async Task A_payload_over_10_mb_is_413_with_and_without_a_declared_length(int bytes, bool chunked, int status)
    {
        await using var bed = await GatewayBed.StartAsync();
        for (var i = 0; i < 2; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/dev/topics/x") { Content = new ByteArrayContent(new byte[bytes]) };
            request.Headers.TransferEncodingChunked = chunked;
            using var response = await bed.Client.SendAsync(request);
            ((int)response.StatusCode).ShouldBe(status);
            if (status == 413) (await response.Content.ReadAsStringAsync()).ShouldBe("""{"message":"Request Too Long"}""");
        }

        (await bed.SendAsync(HttpMethod.Get, "/dev/topics")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_body_of_gigabytes_is_refused_before_it_is_read()
    {
        await using var bed = await GatewayBed.StartAsync();
        using var connection = await bed.Server.ConnectAsync();
        await connection.SendAsync("POST /dev/topics/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000000\r\n\r\nstart");
        (await connection.ReceiveAsync()).ShouldNotBeNull().Status.ShouldBe(413);
    }

    [Fact]
    public async Task A_service_that_takes_too_long_is_504()
    {
        var time = new FakeTimeProvider();
        var entered = new TaskCompletionSource();
        await using var bed = await GatewayBed.StartAsync(
            time: time,
            service: async http =>
            {
                entered.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
            });
        var pending = bed.SendAsync(HttpMethod.Post, "/dev/topics/x");
        await entered.Task;
        time.Advance(TimeSpan.FromSeconds(28.9));
        pending.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(0.2));
        (await pending).ShouldBe((504, """{"message": "Endpoint request timed out"}""", "InternalServerErrorException"));
    }

    [Fact]
    public async Task A_service_that_throws_is_500_and_tells_nothing_of_it()
    {
        await using var bed = await GatewayBed.StartAsync(service: _ => throw new InvalidOperationException("inner secret"));
        (await bed.SendAsync(HttpMethod.Post, "/dev/topics/x")).ShouldBe(
            (500, """{"message": "Internal server error"}""", "InternalServerErrorException"));
    }

    [Fact]
    public async Task An_http_integration_gets_method_path_query_headers_and_body_as_they_came()
    {
        await using var upstream = await LoopbackServer.StartAsync(async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            http.Response.StatusCode = 201;
            http.Response.Headers["x-upstream"] = http.Request.Headers["x-poster"];
            await http.Response.WriteAsync(
                $"{http.Request.Method} {http.Request.Path}{http.Request.QueryString} {http.Request.Host} {await reader.ReadToEndAsync()}");
        });
        await using var bed = await GatewayBed.StartAsync(Forwarding(upstream.Address));
        using var request = new HttpRequestMessage(HttpMethod.Put, "/dev/topics/a%20b/x?q=%26") { Content = new StringContent("body") };
        request.Headers.Add("x-poster", "me");
        using var response = await bed.Client.SendAsync(request);
        ((int)response.StatusCode).ShouldBe(201);
        GatewayBed.Header(response, "x-upstream").ShouldBe("me");
        GatewayBed.Header(response, "x-amzn-RequestId").ShouldNotBeNull();
        (await response.Content.ReadAsStringAsync()).ShouldBe($"PUT /topics/a%20b/x?q=%26 {upstream.Address.Authority} body");
    }

    [Fact]
    public async Task An_upstream_that_is_down_is_504_and_the_log_says_why()
    {
        var unused = new TcpListener(IPAddress.Loopback, 0);
        unused.Start();
        var address = new Uri($"http://{unused.LocalEndpoint}");
        unused.Stop();
        await using var bed = await GatewayBed.StartAsync(Forwarding(address));
        (await bed.SendAsync(HttpMethod.Get, "/dev/topics")).ShouldBe(
            (504, """{"message": "Network error communicating with endpoint"}""", "InternalServerErrorException"));
        (await bed.StopAndReadLogAsync()).Single().GetProperty("error").GetString().ShouldBe("INTEGRATION_FAILURE");
    }

    [Fact]
    public async Task An_upstream_that_does_not_speak_http_is_502()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeGarbageAsync(listener);
        await using var bed = await GatewayBed.StartAsync(Forwarding(new Uri($"http://{listener.LocalEndpoint}")));
        (await bed.SendAsync(HttpMethod.Get, "/dev/topics")).Status.ShouldBe(502);
        await serving;
    }

    [Fact]
    public async Task An_upstream_that_takes_too_long_is_504()
    {
        var time = new FakeTimeProvider();
        var entered = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        await using var upstream = await LoopbackServer.StartAsync(async http =>
        {
            entered.TrySetResult();
            await release.Task.WaitAsync(http.RequestAborted);
        });
        await using var bed = await GatewayBed.StartAsync(Forwarding(upstream.Address), time: time);
        var pending = bed.SendAsync(HttpMethod.Get, "/dev/topics");
        await entered.Task;
        time.Advance(TimeSpan.FromSeconds(29.1));
        (await pending).ShouldBe((504, """{"message": "Endpoint request timed out"}""", "InternalServerErrorException"));
        release.SetResult();
    }

    [Fact]
    public async Task A_payload_of_unknown_length_over_the_limit_is_413_before_an_upstream_too()
    {
        await using var upstream = await LoopbackServer.StartAsync(async http => await http.Request.Body.CopyToAsync(Stream.Null));
        await using var bed = await GatewayBed.StartAsync(Forwarding(upstream.Address));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/dev/topics/x") { Content = new ByteArrayContent(new byte[PayloadMax + 1]) };
        request.Headers.TransferEncodingChunked = true;
        using var response = await bed.Client.SendAsync(request);
        ((int)response.StatusCode).ShouldBe(413);
    }

    private static async Task ServeGarbageAsync(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync();
        await client.GetStream().ReadExactlyAsync(new byte[16]);
        await client.GetStream().WriteAsync("this is not HTTP\r\n\r\n"u8.ToArray());
    }

    private static GatewayConfig Forwarding(Uri upstream) => new()
    {
        Stages = new()
        {
            ["dev"] = new StageConfig { Routes = [new RouteConfig { Path = "/{proxy+}", Integration = upstream + "{proxy}" }] },
        },
    };
}

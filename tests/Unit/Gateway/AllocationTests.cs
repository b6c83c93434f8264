using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Gateway;
using Sluice.Gateway.Config;
using Sluice.KafkaRest;
using Sluice.Testing;

namespace Sluice.Unit.Gateway;

/// <summary>What one post through the gateway and the proxy allocates beyond an empty endpoint of the same server.</summary>
[Collection(nameof(AllocationTests))]
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationTests
{
    private const int BudgetBytes = 2048;
    private const int Requests = 2000;

    [Fact]
    public async Task A_post_of_one_record_allocates_at_most_2_kb_beyond_the_web_server()
    {
        var log = new InMemoryLog { KeepsBatches = false, Hold = async _ => await Task.Yield() };
        log.AddTopic("one.pin");
        var proxy = new KafkaRestProxy(log, new KafkaRestOptions(), TimeProvider.System, NullLogger.Instance);
        await using var gateway = new ApiGateway(
            new GatewayOptions { Model = GatewayModel.Create(new GatewayConfig(), ["kafka-rest"], out _)!, AccessLog = Stream.Null },
            new Dictionary<string, RequestDelegate> { ["kafka-rest"] = proxy.InvokeAsync },
            TimeProvider.System,
            NullLogger.Instance);
        await using var posted = await LoopbackServer.StartAsync(gateway.InvokeAsync);
        await using var empty = await LoopbackServer.StartAsync(AnswerNothingAsync);

        var floor = await BytesPerRequestAsync(empty);
        var bytes = await BytesPerRequestAsync(posted);
        TestContext.Current.TestOutputHelper?.WriteLine($"{bytes:F0} bytes per post, {floor:F0} of them the server's own");
        (bytes - floor).ShouldBeLessThanOrEqualTo(BudgetBytes);
    }

    private static async Task<double> BytesPerRequestAsync(LoopbackServer server)
    {
        const string Body = """{"records":[{"value":{"index":7528,"category":"mens-fashion","follower_count":"124k","downloaded":1}}]}""";
        var request = Encoding.ASCII.GetBytes(
            "POST /dev/topics/one.pin HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/vnd.kafka.json.v2+json\r\n"
            + $"Content-Length: {Body.Length}\r\n\r\n{Body}");
        using var connection = await server.ConnectAsync();
        var response = new byte[4096];
        var before = 0L;
        for (var i = -Requests; i < Requests; i++)
        {
            if (i == 0) before = GC.GetTotalAllocatedBytes(precise: true);
            await connection.SendAsync(request);
            (await connection.ReadSomeAsync(response)).ShouldBeGreaterThan(0);
        }

        return (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Requests;
    }

    private static Task AnswerNothingAsync(HttpContext http)
    {
        http.Response.ContentLength = 0;
        return Task.CompletedTask;
    }
}

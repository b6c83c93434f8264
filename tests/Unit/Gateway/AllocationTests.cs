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
        var proxy = new KafkaRestProxy(log, log, new KafkaRestOptions(), TimeProvider.System, NullLogger.Instance);
        await using var gateway = new ApiGateway(
            new GatewayOptions { Model = GatewayModel.Create(new GatewayConfig(), ["kafka-rest"], out _)!, AccessLog = Stream.Null },
            new Dictionary<string, RequestDelegate> { ["kafka-rest"] = proxy.InvokeAsync },
            TimeProvider.System,
            NullLogger.Instance);
        await CheckBudgetAsync(
            gateway,
            "POST /dev/topics/one.pin",
            "application/vnd.kafka.json.v2+json",
            """{"records":[{"value":{"index":7528,"category":"mens-fashion","follower_count":"124k","downloaded":1}}]}""");
    }

    /// <summary>The gateway's part of a put: Kinesis, which has a budget of its own, is a delegate that reads the body and answers.</summary>
    [Fact]
    public async Task A_put_of_one_record_to_a_stream_allocates_at_most_2_kb_beyond_the_web_server()
    {
        await using var gateway = new ApiGateway(
            new GatewayOptions { Model = GatewayModel.Create(new GatewayConfig(), ["kinesis"], out _)!, AccessLog = Stream.Null },
            new Dictionary<string, RequestDelegate> { ["kinesis"] = AnswerPutAsync },
            TimeProvider.System,
            NullLogger.Instance);
        await CheckBudgetAsync(
            gateway,
            "PUT /dev/streams/streaming-demo-pin/record",
            "application/json",
            $$$"""{"StreamName":"streaming-demo-pin","Data":{"index":7528,"text":"{{{new string('t', 1000)}}}"},"PartitionKey":"7528"}""");
    }

    private static async Task AnswerPutAsync(HttpContext http)
    {
        var read = await http.Request.BodyReader.ReadAsync();
        while (!read.IsCompleted)
        {
            http.Request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            read = await http.Request.BodyReader.ReadAsync();
        }

        read.Buffer.Length.ShouldBeGreaterThan(1000);
        http.Request.BodyReader.AdvanceTo(read.Buffer.End);
        http.Response.ContentType = "application/x-amz-json-1.1";
        http.Response.ContentLength = 2;
        System.Buffers.BuffersExtensions.Write(http.Response.BodyWriter, "{}"u8);
    }

    private static async Task CheckBudgetAsync(ApiGateway gateway, string line, string type, string body)
    {
        var request = Encoding.ASCII.GetBytes($"{line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        await using var posted = await LoopbackServer.StartAsync(gateway.InvokeAsync);
        await using var empty = await LoopbackServer.StartAsync(AnswerNothingAsync);
        var floor = await BytesPerRequestAsync(empty, request);
        var bytes = await BytesPerRequestAsync(posted, request);
        TestContext.Current.TestOutputHelper?.WriteLine($"{bytes:F0} bytes per request, {floor:F0} of them the server's own");
        (bytes - floor).ShouldBeLessThanOrEqualTo(BudgetBytes);
    }

    private static async Task<double> BytesPerRequestAsync(LoopbackServer server, byte[] request)
    {
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

using System.Text;
using Microsoft.AspNetCore.Http;
using Sluice.Testing;

namespace Sluice.Unit.Kinesis;

/// <summary>What one PutRecord allocates beyond an empty endpoint of the same server, the log included.</summary>
[Collection(nameof(AllocationTests) + nameof(Kinesis))]
[CollectionDefinition(nameof(AllocationTests) + nameof(Kinesis), DisableParallelization = true)]
public sealed class AllocationTests
{
    private const int BudgetBytes = 2048;
    private const int Requests = 1000;

    [Fact]
    public async Task A_put_of_one_record_allocates_at_most_2_kb_beyond_the_web_server()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync(shards: 5);
        await using var empty = await LoopbackServer.StartAsync(static http =>
        {
            http.Response.ContentLength = 0;
            return Task.CompletedTask;
        });

        var body = $$"""{"StreamName":"s","PartitionKey":"partition-7","Data":"{{Convert.ToBase64String(new byte[1024])}}"}""";
        var floor = await BytesPerRequestAsync(empty, body);
        var bytes = await BytesPerRequestAsync(bed.Server, body);
        TestContext.Current.TestOutputHelper?.WriteLine($"{bytes:F0} bytes per put, {floor:F0} of them the server's own");
        (bytes - floor).ShouldBeLessThanOrEqualTo(BudgetBytes);
    }

    private static async Task<double> BytesPerRequestAsync(LoopbackServer server, string body)
    {
        var request = Encoding.ASCII.GetBytes(
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: Kinesis_20131202.PutRecord\r\n"
            + $"Content-Length: {body.Length}\r\n\r\n{body}");
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
}

using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Gateway.Config;
using Sluice.Testing;

namespace Sluice.Conformance.Gateway;

/// <summary>Bodies that a template maps are held whole, so the large ones share a bounded memory.</summary>
public sealed class LargeBodyTests
{
    private const int Admitted = 2;
    private const int TurnedAway = 5;

    private static readonly string s_head =
        $"PUT /dev/streams/s/records HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {GatewayLimits.PayloadBytes}\r\n\r\n";

    [Fact(Timeout = 60_000)]
    public async Task Large_bodies_wait_for_memory_and_who_finds_too_many_waiting_is_told_at_once()
    {
        await using var bed = await GatewayBed.StartAsync(kinesis: AnswerAsync, limits: limits => limits.MinRequestBodyDataRate = null);
        // Each says that it brings 10 MB and brings nothing.
        var callers = new List<RawConnection>();
        for (var i = 0; i < Admitted + GatewayLimits.LargeBodiesWaiting + TurnedAway; i++)
        {
            callers.Add(await bed.Server.ConnectAsync());
            await callers[^1].SendAsync(s_head);
        }

        var answers = callers.ConvertAll(caller => caller.ReceiveAsync());
        for (var i = 0; i < TurnedAway; i++)
        {
            var answered = await Task.WhenAny(answers);
            answers.Remove(answered);
            var refusal = (await answered).ShouldNotBeNull();
            (refusal.Status, refusal.Body).ShouldBe((503, """{"message": "Service Unavailable"}"""));
            refusal.Headers.ShouldContain("x-amzn-ErrorType: ServiceUnavailableException");
        }

        (await PutAsync(bed, new string('x', 100))).ShouldBe("200 102");
        answers.ShouldAllBe(answer => !answer.IsCompleted);
        callers.ForEach(caller => caller.Dispose());
        await Task.WhenAll(answers.Select(answer => ((Task)answer).ContinueWith(_ => { }, TaskScheduler.Default)));
        var large = new string('x', 9_000_000);
        for (var i = 0; i < 2 * Admitted; i++) (await PutAsync(bed, large)).ShouldBe("200 9000002");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Bodies_of_every_size_around_the_border_are_mapped_whole(bool chunked)
    {
        await using var bed = await GatewayBed.StartAsync(kinesis: AnswerAsync);
        foreach (var size in new[] { 1, 3_000, 5_000, 60_000, 65_400, 65_536, 66_000, 300_000 })
            (await PutAsync(bed, new string('x', size), chunked)).ShouldBe($"200 {size + 2}");
    }

    [Fact]
    public async Task More_records_than_a_template_goes_over_are_a_fault_of_the_gateway()
    {
        await using var bed = await GatewayBed.StartAsync(kinesis: AnswerAsync);
        var body = $$"""{"records":[{{string.Join(',', Enumerable.Repeat("{}", GatewayLimits.MappedRecordsMax + 1))}}]}""";
        var answer = await bed.SendAsync(HttpMethod.Put, "/dev/streams/s/records", new StringContent(body, Encoding.UTF8, "application/json"));
        (answer.Status, answer.Body).ShouldBe((500, """{"message": "Internal server error"}"""));
    }

    private static async Task<string> PutAsync(GatewayBed bed, string text, bool chunked = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "/dev/streams/s/record")
        {
            Content = new StringContent($$"""{"Data":"{{text}}","PartitionKey":"k"}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.TransferEncodingChunked = chunked;
        using var response = await bed.Client.SendAsync(request);
        return $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}";
    }

    /// <summary>Answers how many bytes of data there were.</summary>
    private static async Task AnswerAsync(HttpContext http)
    {
        using var body = await JsonDocument.ParseAsync(http.Request.Body);
        var text = $"{body.RootElement.GetProperty("Data").GetBytesFromBase64().Length}";
        http.Response.ContentLength = text.Length;
        await http.Response.WriteAsync(text);
    }
}

using System.Text;
using Microsoft.Extensions.Time.Testing;
using Sluice.KafkaRest;
using Sluice.Log;
using Sluice.Testing;

namespace Sluice.Conformance.KafkaRest;

/// <summary>Produce streams that do not go as they should, and what is stored and answered then.</summary>
public sealed class V3StreamTests : IAsyncLifetime
{
    private const string Head = "POST /v3/clusters/sluice/topics/one/records HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    private const string Chunked = Head + "Transfer-Encoding: chunked\r\n\r\n";

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));
    private ProxyBed _bed = null!;

    public async ValueTask InitializeAsync() => _bed = await ProxyBed.StartAsync(new KafkaRestOptions { RecordBytesMax = 10_000 }, _time);

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task A_record_that_comes_byte_by_byte_is_stored_when_its_last_byte_is_there()
    {
        using var connection = await _bed.Server.ConnectAsync();
        await connection.SendAsync(Chunked);
        foreach (var character in Record("}{\\\"")) await SendChunkAsync(connection, character.ToString());
        await ReceiveUntilAsync(connection, "", "\"offset\":0,");
        _bed.Log.Records("one").Single().Value.ShouldBe("}{\""u8.ToArray());
    }

    [Fact]
    public async Task A_client_that_goes_away_within_a_record_leaves_those_before_it()
    {
        using (var connection = await _bed.Server.ConnectAsync())
        {
            await connection.SendAsync(Chunked);
            await SendChunkAsync(connection, Record("a") + Record("b")[..20]);
            await ReceiveUntilAsync(connection, "", "\"offset\":0,");
            connection.Reset();
        }

        (await PostAsync(Record("c"))).ShouldContain("\"offset\":1,");
        Values().ShouldBe(["a", "c"]);
    }

    [Fact]
    public async Task What_the_log_refuses_in_the_middle_has_its_receipt_in_its_place_and_the_stream_goes_on()
    {
        using var connection = await _bed.Server.ConnectAsync();
        await connection.SendAsync(Chunked);
        await SendChunkAsync(connection, Record("a"));
        var received = await ReceiveUntilAsync(connection, "", "\"offset\":0,");
        _bed.Log.Refuse = static _ => AppendError.Busy;
        await SendChunkAsync(connection, Record("b"));
        received = await ReceiveUntilAsync(connection, received, "{\"error_code\":50003,\"message\":\"The queue of the partition is full. Retry later.\"}");
        _bed.Log.Refuse = static _ => AppendError.None;
        _bed.Log.Hold = static _ => throw new LogUnavailableException("No broker answers.");
        await SendChunkAsync(connection, Record("c"));
        received = await ReceiveUntilAsync(connection, received, "{\"error_code\":50003,\"message\":\"No broker answers.\"}");
        _bed.Log.Hold = static _ => default;
        await SendChunkAsync(connection, Record("d"));
        await ReceiveUntilAsync(connection, received, "\"offset\":1,");
        Values().ShouldBe(["a", "d"]);
    }

    [Fact]
    public async Task After_a_stream_the_connection_takes_the_next_request()
    {
        using var connection = await _bed.Server.ConnectAsync();
        for (var i = 0; i < 2; i++)
        {
            await connection.SendAsync(Chunked);
            await SendChunkAsync(connection, Record("a"));
            await connection.SendAsync("0\r\n\r\n");
            (await ReceiveUntilAsync(connection, "", "0\r\n\r\n")).ShouldContain($"\"offset\":{i},");
        }

        // So it does after one that ended with half a record.
        await connection.SendAsync(Chunked);
        await SendChunkAsync(connection, Record("a")[..10]);
        await connection.SendAsync("0\r\n\r\n");
        (await ReceiveUntilAsync(connection, "", "0\r\n\r\n")).ShouldContain("\"error_code\":400,\"message\":\"Malformed JSON");
        await connection.SendAsync("GET /topics HTTP/1.1\r\nHost: x\r\n\r\n");
        (await ReceiveUntilAsync(connection, "", "[\"one\",\"three\"]")).ShouldStartWith("HTTP/1.1 200");
    }

    [Fact]
    public async Task A_stream_whose_framing_breaks_ends_with_a_receipt_that_says_so()
    {
        using var connection = await _bed.Server.ConnectAsync();
        await connection.SendAsync(Chunked);
        await SendChunkAsync(connection, Record("a"));
        var received = await ReceiveUntilAsync(connection, "", "\"offset\":0,");
        await connection.SendAsync("no length\r\n");
        (await ReceiveUntilAsync(connection, received, "0\r\n\r\n")).ShouldContain("\"error_code\":400,");
    }

    [Fact]
    public async Task A_stream_that_is_open_for_too_long_gets_408_and_ends()
    {
        using var connection = await _bed.Server.ConnectAsync();
        await connection.SendAsync(Chunked);
        await SendChunkAsync(connection, Record("a"));
        var received = await ReceiveUntilAsync(connection, "", "\"offset\":0,");
        _time.Advance(TimeSpan.FromDays(1));
        await SendChunkAsync(connection, Record("b"));
        const string TooLong = "{\"error_code\":408,\"message\":\"Streaming connection open for longer than allowed: Connection will be closed.\"}";
        received = await ReceiveUntilAsync(connection, received, TooLong);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        await ReceiveUntilAsync(connection, received, "0\r\n\r\n");
        Values().ShouldBe(["a"]);
    }

    [Fact]
    public async Task A_record_without_an_end_ends_the_stream_at_its_bound()
    {
        using var connection = await _bed.Server.ConnectAsync();
        await connection.SendAsync(Chunked);
        await SendChunkAsync(connection, Record("a"));
        var received = await ReceiveUntilAsync(connection, "", "\"offset\":0,");
        await SendChunkAsync(connection, "{\"value\":\"" + new string('x', 20_000));
        (await ReceiveUntilAsync(connection, received, "0\r\n\r\n")).ShouldContain("\"error_code\":400,\"message\":\"The record is larger than 10000 bytes");
    }

    [Theory]
    [InlineData("]")]
    [InlineData("null")]
    [InlineData("{\"value\":}")]
    [InlineData("{]")]
    [InlineData("\"{")]
    public async Task What_is_no_json_ends_the_stream_behind_the_records_before_it(string text)
    {
        var answer = await PostAsync(Record("a") + text + Record("b"));
        answer.ShouldContain("\"offset\":0,");
        answer.ShouldContain("{\"error_code\":400,\"message\":\"Malformed JSON");
        Values().ShouldBe(["a"]);
    }

    private static string Record(string value) => $$$"""{"value":{"type":"STRING","data":"{{{value}}}"}}""";

    private async Task<string> PostAsync(string body) =>
        (await _bed.PostAsync("/v3/clusters/sluice/topics/one/records", body, "application/json")).Body;

    private IEnumerable<string> Values() => _bed.Log.Records("one").Select(r => Encoding.UTF8.GetString(r.Value!));

    private static async Task SendChunkAsync(RawConnection connection, string text) =>
        await connection.SendAsync($"{Encoding.UTF8.GetByteCount(text):x}\r\n{text}\r\n");

    private static async Task<string> ReceiveUntilAsync(RawConnection connection, string received, string wanted)
    {
        var buffer = new byte[4096];
        while (!received.Contains(wanted, StringComparison.Ordinal))
        {
            var read = await connection.ReadSomeAsync(buffer);
            read.ShouldBeGreaterThan(0, received);
            received += Encoding.UTF8.GetString(buffer, 0, read);
        }

        return received;
    }
}

using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Sluice.Log;

namespace Sluice.Conformance.KafkaRest;

public sealed class V3Tests : IAsyncLifetime
{
    private const string Type = "application/json";
    private const string Records = "/v3/clusters/sluice/topics/one/records";

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));
    private ProxyBed _bed = null!;

    public async ValueTask InitializeAsync() => _bed = await ProxyBed.StartAsync(time: _time);

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task A_record_is_answered_with_its_receipt()
    {
        (await _bed.PostAsync(Records, """{"key":{"type":"STRING","data":"k"},"value":{"type":"JSON","data":{"a": 1}}}""", Type)).ShouldBe(new Answer(
            200,
            Type,
            """{"error_code":200,"cluster_id":"sluice","topic_name":"one","partition_id":0,"offset":0,"timestamp":"2026-01-31T12:00:00Z","key":{"type":"STRING","size":1},"value":{"type":"JSON","size":8}}""" + "\r\n",
            null));
        var stored = _bed.Log.Records("one").Single();
        (Encoding.UTF8.GetString(stored.Key!), Encoding.UTF8.GetString(stored.Value!)).ShouldBe(("k", """{"a": 1}"""));
    }

    [Fact]
    public async Task A_stream_is_answered_while_it_still_comes_in_and_in_its_order()
    {
        using var connection = await _bed.Server.ConnectAsync();
        await connection.SendAsync($"POST {Records} HTTP/1.1\r\nHost: x\r\nContent-Type: {Type}\r\nTransfer-Encoding: chunked\r\n\r\n");
        var received = "";
        for (var i = 0; i < 3; i++)
        {
            // The next record is sent only after the receipt of the one before.
            await SendChunkAsync(connection, $$"""{"value":{"type":"BINARY","da""");
            await SendChunkAsync(connection, """ta":"YQ=="}}""");
            received = await ReceiveUntilAsync(connection, received, $"\"offset\":{i},");
        }

        await SendChunkAsync(connection, """{"value":{"type":"BINARY","data":"?"}} {"value":{"type":"STRING","data":"z"},"timestamp":"2026-01-30T00:00:00Z"}{""");
        await connection.SendAsync("0\r\n\r\n");
        received = await ReceiveUntilAsync(connection, received, "0\r\n\r\n");
        received.ShouldStartWith("HTTP/1.1 200");
        received.IndexOf("\"error_code\":422", StringComparison.Ordinal).ShouldBeLessThan(received.IndexOf("\"offset\":3,", StringComparison.Ordinal));
        received.ShouldContain("\"error_code\":400,\"message\":\"Malformed JSON");
        _bed.Log.Records("one").Select(r => Encoding.UTF8.GetString(r.Value!)).ShouldBe(["a", "a", "a", "z"]);
        _bed.Log.Records("one")[3].TimestampMs.ShouldBe(new DateTimeOffset(2026, 1, 30, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds());
    }

    [Theory]
    [InlineData("""{"value":{"type":"AVRO","data":1}}""", 422, 422)]
    [InlineData("""{"value":{"data":1}}""", 422, 422)]
    [InlineData("""{"value":{"type":"XML","data":1}}""", 400, 400)]
    [InlineData("""{"value":{"type":"STRING","data":1}}""", 400, 400)]
    [InlineData("""{"partition_id":-1}""", 404, 40402)]
    [InlineData("""{"partition_id":1}""", 404, 40402)]
    [InlineData("""{"records":[]}""", 422, 422)]
    [InlineData("""{"timestamp":"soon"}""", 400, 400)]
    [InlineData("""{"headers":[{"name":"h","value":"?"}]}""", 422, 422)]
    [InlineData("{", 400, 400)]
    [InlineData("", 422, 422)]
    public async Task A_record_that_cannot_be_stored_is_refused_by_status_and_code(string body, int status, int code)
    {
        var answer = await _bed.PostAsync(Records, body, Type);
        (answer.Status, answer.Body.StartsWith($$"""{"error_code":{{code}},""")).ShouldBe((status, true), answer.Body);
        _bed.Log.Records("one").ShouldBeEmpty();
    }

    [Fact]
    public async Task Headers_are_stored_and_the_record_stays_readable()
    {
        var body = """{"headers":[{"name":"h\u00e9","value":"AQI="},{"name":"n","value":null}],"value":{"type":"STRING","data":"v"}}""";
        (await _bed.PostAsync(Records, body, Type)).Status.ShouldBe(200);
        Encoding.UTF8.GetString(_bed.Log.Records("one").Single().Value!).ShouldBe("v");
        var batch = (await _bed.Log.ReadAsync(new TopicPartition("one", 0), 0, int.MaxValue, default)).Bytes;

        // The record ends with two headers: lengths are zigzag, and -1 is a null value.
        Convert.ToHexString(batch.Span).ShouldEndWith("04" + "0668C3A9" + "040102" + "026E" + "01");
    }

    [Fact]
    public async Task A_batch_is_answered_207_with_successes_and_failures()
    {
        var answer = await _bed.PostAsync(
            Records + ":batch",
            """{"entries":[{"id":"a","value":{"type":"STRING","data":"x"}},{"id":"b","partition_id":9},{"id":"c","value":{"type":"JSON","data":[]}}]}""",
            Type);
        answer.Status.ShouldBe(207, answer.Body);
        using var body = JsonDocument.Parse(answer.Body);
        body.RootElement.GetProperty("successes").EnumerateArray().Select(s => (s.GetProperty("id").GetString(), s.GetProperty("offset").GetInt64()))
            .ShouldBe([("a", 0L), ("c", 1L)]);
        body.RootElement.GetProperty("failures").GetRawText().ShouldBe("""[{"id":"b","error_code":40402,"message":"Partition not found."}]""");
    }

    [Theory]
    [InlineData("""{"entries":[]}""")]
    [InlineData("""{"entries":[{"id":"a"},{"id":"a"}]}""")]
    [InlineData("""{"entries":[{"id":"a b"}]}""")]
    [InlineData("""{"entries":[{"id":"0"},{"id":"1"},{"id":"2"},{"id":"3"},{"id":"4"},{"id":"5"},{"id":"6"},{"id":"7"},{"id":"8"},{"id":"9"},{"id":"10"}]}""")]
    public async Task A_bad_batch_is_refused_whole(string body)
    {
        (await _bed.PostAsync(Records + ":batch", body, Type)).Body.ShouldStartWith("""{"error_code":42208,""");
        _bed.Log.Records("one").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_topic_is_created_shown_and_deleted()
    {
        const string Topics = "/v3/clusters/sluice/topics";
        const string Body = """{"topic_name":"new","partitions_count":2,"configs":[{"name":"retention.ms","value":"1000"}]}""";
        (await _bed.PostAsync(Topics, Body[..^1] + ""","validate_only":true}""", Type)).Status.ShouldBe(200);
        (await _bed.Log.FindTopicAsync("new", default)).ShouldBeNull();
        var created = await _bed.PostAsync(Topics, Body, Type);
        created.Status.ShouldBe(201);
        var url = _bed.Server.Address.GetLeftPart(UriPartial.Authority) + Topics + "/new";
        created.Body.ShouldBe(
            $$"""{"kind":"KafkaTopic","metadata":{"self":"{{url}}","resource_name":"crn:///kafka=sluice/topic=new"},"cluster_id":"sluice","topic_name":"new","is_internal":false,"replication_factor":1,"partitions_count":2,"partitions":{"related":"{{url}}/partitions"},"configs":{"related":"{{url}}/configs"},"partition_reassignments":{"related":"{{url}}/partitions/-/reassignment"},"authorized_operations":[]}""");
        (await _bed.PostAsync(Topics, Body, Type)).Body.ShouldStartWith("""{"error_code":40002,""");
        (await _bed.GetAsync(Topics + "/new")).Body.ShouldBe(created.Body);
        (await _bed.GetAsync(Topics + "/new/configs/retention.ms")).Body.ShouldContain("\"value\":\"1000\"");
        (await _bed.SendAsync(HttpMethod.Delete, Topics + "/new", null, null)).Status.ShouldBe(204);
        (await _bed.GetAsync(Topics + "/new")).ShouldBe(
            new Answer(404, Type, """{"error_code":40403,"message":"This server does not host this topic-partition."}""", null));
    }

    [Theory]
    [InlineData("/v3/clusters", "\"kind\":\"KafkaClusterList\"")]
    [InlineData("/v3/clusters/sluice", "\"kind\":\"KafkaCluster\"")]
    [InlineData("/v3/clusters/sluice/brokers", "\"broker_id\":1")]
    [InlineData("/v3/clusters/sluice/topics/three/partitions", "\"partition_id\":2")]
    [InlineData("/v3/clusters/sluice/topics/three/partitions/2/replicas", "\"is_leader\":true")]
    [InlineData("/v3/clusters/sluice/acls", "\"error_code\":40002")]
    [InlineData("/v3/clusters/other/topics", "\"error_code\":404")]
    public async Task What_the_cluster_has_is_shown(string path, string part)
    {
        (await _bed.GetAsync(path, Type)).Body.ShouldContain(part);
    }

    private static async Task SendChunkAsync(Sluice.Testing.RawConnection connection, string text) =>
        await connection.SendAsync($"{Encoding.UTF8.GetByteCount(text):x}\r\n{text}\r\n");

    private static async Task<string> ReceiveUntilAsync(Sluice.Testing.RawConnection connection, string received, string wanted)
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

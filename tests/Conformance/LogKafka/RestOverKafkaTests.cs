using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.KafkaRest;
using Sluice.Log;
using Sluice.Testing;

namespace Sluice.Conformance.LogKafka;

/// <summary>The REST proxy over a Kafka that it reaches by TCP: the same requests, the same answers.</summary>
public sealed class RestOverKafkaTests
{
    private const string Json = "application/vnd.kafka.json.v2+json";
    private const string V2 = "application/vnd.kafka.v2+json";

    [Fact(Timeout = 60_000)]
    public async Task Records_are_posted_and_read_by_a_consumer_of_the_proxy()
    {
        await using var bed = await KafkaLogBed.StartAsync();
        await using var log = bed.Open();
        await log.MakeTopicAsync("t");
        await using var server = await ServeAsync(log);
        (await SendAsync(server, HttpMethod.Post, "/topics/t", """{"records":[{"key":"k","value":{"a":1}},{"value":2}]}""", Json))
            .ShouldContain("""{"partition":0,"offset":1,""");
        await SendAsync(server, HttpMethod.Post, "/consumers/g", """{"name":"i","format":"json","auto.offset.reset":"earliest"}""", V2);
        await SendAsync(server, HttpMethod.Post, "/consumers/g/instances/i/subscription", """{"topics":["t"]}""", V2);
        (await SendAsync(server, HttpMethod.Get, "/consumers/g/instances/i/records", null, Json)).ShouldBe(
            """[{"topic":"t","key":"k","value":{"a":1},"partition":0,"offset":0},{"topic":"t","key":null,"value":2,"partition":0,"offset":1}]""");
        await SendAsync(server, HttpMethod.Post, "/consumers/g/instances/i/offsets", null, V2);
        (await bed.Held.CommittedOffsetsAsync("g", default)).Single(c => c.Partition.Topic == "t").Offset.ShouldBe(2);
    }

    [Fact(Timeout = 60_000)]
    public async Task Topics_configs_groups_and_lags_are_administered_through_v3()
    {
        await using var bed = await KafkaLogBed.StartAsync();
        await using var log = bed.Open();
        await using var server = await ServeAsync(log);
        var clusters = await GetAsync(server, "/v3/clusters");
        var cluster = clusters.GetProperty("data")[0].GetProperty("cluster_id").GetString()!;
        cluster.ShouldBe(bed.Held.ClusterId);
        var root = $"/v3/clusters/{cluster}";
        await SendAsync(server, HttpMethod.Post, $"{root}/topics", """{"topic_name":"made","partitions_count":2,"configs":[{"name":"retention.ms","value":"1000"}]}""", "application/json");
        (await GetAsync(server, $"{root}/topics/made")).GetProperty("partitions_count").GetInt32().ShouldBe(2);
        (await GetAsync(server, $"{root}/topics/made/configs/retention.ms")).GetProperty("value").GetString().ShouldBe("1000");
        await SendAsync(server, HttpMethod.Put, $"{root}/topics/made/configs/retention.ms", """{"value":"2000"}""", "application/json");
        (await GetAsync(server, $"{root}/topics/made/configs/retention.ms")).GetProperty("value").GetString().ShouldBe("2000");
        (await GetAsync(server, $"{root}/brokers")).GetProperty("data").GetArrayLength().ShouldBe(1);
        await SendAsync(server, HttpMethod.Post, "/topics/made", """{"records":[{"value":1,"partition":1},{"value":2,"partition":1}]}""", Json);
        await log.CommitOffsetsAsync("g", [new(new("made", 1), 1, "")], default);
        (await GetAsync(server, $"{root}/consumer-groups/g/lag-summary")).GetProperty("total_lag").GetInt64().ShouldBe(1);
        await SendAsync(server, HttpMethod.Delete, $"{root}/topics/made", null, null);
        (await log.FindTopicAsync("made", default)).ShouldBeNull();
    }

    private static async Task<LoopbackServer> ServeAsync(Sluice.Log.Kafka.KafkaLog log) =>
        await LoopbackServer.StartAsync(new KafkaRestProxy(log, log, new KafkaRestOptions(), TimeProvider.System, NullLogger.Instance).InvokeAsync);

    private static async Task<JsonElement> GetAsync(LoopbackServer server, string path) =>
        JsonDocument.Parse(await SendAsync(server, HttpMethod.Get, path, null, null)).RootElement;

    private static async Task<string> SendAsync(LoopbackServer server, HttpMethod method, string path, string? body, string? type)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new StringContent(body, MediaTypeHeaderValue.Parse(type!));
        else if (type is not null) request.Headers.TryAddWithoutValidation("Accept", type);
        using var response = await server.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        response.IsSuccessStatusCode.ShouldBeTrue($"{method} {path}: {(int)response.StatusCode} {text}");
        return text;
    }
}

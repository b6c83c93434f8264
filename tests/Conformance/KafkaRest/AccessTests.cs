using Microsoft.Extensions.Time.Testing;
using Sluice.KafkaRest;
using Sluice.Log;

namespace Sluice.Conformance.KafkaRest;

/// <summary>Which endpoints answer, how often, and what is answered when the cluster does not.</summary>
public sealed class AccessTests
{
    private const string Records = "/v3/clusters/sluice/topics/one/records";
    private const string Record = """{"value":{"type":"STRING","data":"abcd"}}""";

    [Fact]
    public async Task With_an_allowlist_only_what_is_on_it_answers()
    {
        await using var bed = await ProxyBed.StartAsync(new KafkaRestOptions
        {
            EndpointsAllowed = ["api.v2.produce-to-topic.json", "api.v3.topics.*"],
        });
        (await bed.PostAsync("/topics/one", """{"records":[{"value":1}]}""")).Status.ShouldBe(200);
        (await bed.PostAsync("/topics/one", """{"records":[{"value":"YQ=="}]}""", ProxyBed.Binary)).Status.ShouldBe(405);
        (await bed.GetAsync("/topics/one")).ShouldBe(new Answer(404, "application/json", """{"error_code":404,"message":"HTTP 404 Not Found"}""", null));
        (await bed.GetAsync("/v3/clusters/sluice/topics/one", "application/json")).Status.ShouldBe(200);
        (await bed.SendAsync(HttpMethod.Delete, "/v3/clusters/sluice/topics/one", null, null)).Status.ShouldBe(204);
        (await bed.GetAsync("/v3/clusters/sluice/brokers", "application/json")).Status.ShouldBe(404);
        (await bed.PostAsync("/consumers/g", "{}", ProxyBed.V2)).Status.ShouldBe(405);
    }

    [Fact]
    public async Task What_is_on_the_blocklist_does_not_answer()
    {
        await using var bed = await ProxyBed.StartAsync(new KafkaRestOptions
        {
            EndpointsBlocked = ["api.v3.topics.delete", "api.v2.consumers.consume-binary", "api.v3.partition-offsets.*"],
        });
        (await bed.SendAsync(HttpMethod.Delete, "/v3/clusters/sluice/topics/one", null, null)).Status.ShouldBe(405);
        (await bed.GetAsync("/v3/clusters/sluice/topics/one", "application/json")).Status.ShouldBe(200);
        (await bed.GetAsync("/v3/clusters/sluice/topics/one/partitions/0/offset", "application/json")).Status.ShouldBe(404);
        (await bed.GetAsync("/consumers/g/instances/i/records")).Body.ShouldContain("HTTP 404 Not Found");
        (await bed.GetAsync("/consumers/g/instances/i/records", ProxyBed.Json)).Body.ShouldContain("Consumer instance not found.");
    }

    [Fact]
    public void Every_name_that_names_nothing_is_a_fault()
    {
        KafkaRestProxy.FaultsOf(new KafkaRestOptions
        {
            EndpointsAllowed = ["api.v3.topics.create", "api.v2.consumers.consume-json", "api.v2.produce-to-topic.*", "api.v3.topics.frobnicate"],
            EndpointsBlocked = ["topics"],
            RateLimitCosts = new Dictionary<string, int> { ["api.v3.acls.list"] = 1, ["api.v3"] = -1 },
            RateLimitPermitsPerSecond = 0,
        }).Select(f => f.Split('\'').ElementAtOrDefault(1) ?? f.Split(' ')[3]).ShouldBe(["api.v3.topics.frobnicate", "topics", "api.v3", "must", "cost"], ignoreOrder: false);
        KafkaRestProxy.FaultsOf(new KafkaRestOptions()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Requests_above_the_rate_are_answered_429_until_time_goes_by()
    {
        var time = new FakeTimeProvider();
        var options = new KafkaRestOptions
        {
            RateLimitEnabled = true, RateLimitPermitsPerSecond = 3, RateLimitCosts = new Dictionary<string, int> { ["api.v2.topics.get"] = 2 },
        };
        await using var bed = await ProxyBed.StartAsync(options, time);
        (await bed.GetAsync("/topics/one")).Status.ShouldBe(200);
        (await bed.GetAsync("/topics/one")).Body.ShouldBe(
            """{"error_code":429,"message":"Request rate limit exceeded: The rate limit of requests per second has been exceeded."}""");
        (await bed.GetAsync("/topics")).Status.ShouldBe(200);
        (await bed.GetAsync("/topics")).Status.ShouldBe(429);
        (await bed.PostAsync(Records, Record, "application/json")).Status.ShouldBe(200);
        time.Advance(TimeSpan.FromSeconds(1));
        (await bed.GetAsync("/topics/one")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Records_above_the_rate_are_discarded_and_their_receipts_say_so()
    {
        var time = new FakeTimeProvider();
        await using var bed = await ProxyBed.StartAsync(new KafkaRestOptions { ProduceRateLimitEnabled = true, ProduceRequestsPerSecondMax = 2 }, time);
        var answer = await bed.PostAsync(Records, Record + Record + Record, "application/json");
        answer.Body.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Select(r => r[..20]).ShouldBe(
            ["""{"error_code":200,"cl"""[..20], """{"error_code":200,"cl"""[..20], """{"error_code":429,"me"""[..20]]);
        bed.Log.Records("one").Count.ShouldBe(2);
        await using var slow = await ProxyBed.StartAsync(new KafkaRestOptions { ProduceRateLimitEnabled = true, ProduceBytesPerSecondMax = 6 }, time);
        (await slow.PostAsync(Records, Record, "application/json")).Status.ShouldBe(200);
        (await slow.PostAsync(Records, Record, "application/json")).Status.ShouldBe(429);
        time.Advance(TimeSpan.FromSeconds(0.5));
        (await slow.PostAsync(Records, Record, "application/json")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_cluster_that_does_not_answer_is_a_retriable_error()
    {
        await using var bed = await ProxyBed.StartAsync();
        bed.Log.Unavailable = new LogUnavailableException("No broker of the cluster answers. Check bootstrap.servers.");
        (await bed.GetAsync("/brokers")).ShouldBe(new Answer(
            500, ProxyBed.V2, """{"error_code":50003,"message":"No broker of the cluster answers. Check bootstrap.servers."}""", null));
        bed.Log.Unavailable = null;
        (await bed.GetAsync("/brokers")).Status.ShouldBe(200);
    }
}

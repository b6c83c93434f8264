using Sluice.Log;

namespace Sluice.Conformance.KafkaRest;

public sealed class MetadataTests : IAsyncLifetime
{
    private const string Replica = "\"replicas\":[{\"broker\":1,\"leader\":true,\"in_sync\":true}]";

    private ProxyBed _bed = null!;

    public async ValueTask InitializeAsync() => _bed = await ProxyBed.StartAsync();

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Theory]
    [InlineData("/", "{}")]
    [InlineData("/brokers", """{"brokers":[1]}""")]
    [InlineData("/topics", """["one","three"]""")]
    [InlineData("/topics/", """["one","three"]""")]
    [InlineData("/topics/one", """{"name":"one","configs":{},"partitions":[{"partition":0,"leader":1,""" + Replica + "}]}")]
    [InlineData("/topics/one/partitions", """[{"partition":0,"leader":1,""" + Replica + "}]")]
    [InlineData("/topics/three/partitions/2", """{"partition":2,"leader":1,""" + Replica + "}")]
    [InlineData("/topics/three/partitions/2/offsets", """{"beginning_offset":0,"end_offset":0}""")]
    public async Task A_get_is_answered_in_the_exact_shape(string path, string body)
    {
        (await _bed.GetAsync(path)).ShouldBe(new Answer(200, ProxyBed.V2, body, null));
    }

    [Theory]
    [InlineData("/topics/none", 40401, "Topic not found.")]
    [InlineData("/topics/none/partitions", 40401, "Topic not found.")]
    [InlineData("/topics/none/partitions/0", 40401, "Topic not found.")]
    [InlineData("/topics/none/partitions/0/offsets", 40401, "Topic not found.")]
    [InlineData("/topics/one/partitions/1", 40402, "Partition not found.")]
    [InlineData("/topics/one/partitions/1/offsets", 40402, "Partition not found.")]
    public async Task What_is_not_there_is_404_with_its_own_code(string path, int code, string message)
    {
        (await _bed.GetAsync(path)).ShouldBe(
            new Answer(404, ProxyBed.V2, $$"""{"error_code":{{code}},"message":"{{message}}"}""", null));
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/topics/one/two")]
    [InlineData("/topics//partitions")]
    [InlineData("/topics/one/partitions/x")]
    [InlineData("/topics/one/partitions/-1")]
    [InlineData("/topics/one/partitions/99999999999")]
    [InlineData("/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u")]
    public async Task An_unknown_path_is_404(string path)
    {
        (await _bed.GetAsync(path)).ShouldBe(
            new Answer(404, "application/json", """{"error_code":404,"message":"HTTP 404 Not Found"}""", null));
    }

    [Fact]
    public async Task A_method_that_a_path_does_not_have_is_405_and_says_which_it_has()
    {
        (await _bed.SendAsync(HttpMethod.Delete, "/topics/one", null, null)).ShouldBe(
            new Answer(405, "application/json", """{"error_code":405,"message":"HTTP 405 Method Not Allowed"}""", "POST,GET,OPTIONS,HEAD"));
        (await _bed.SendAsync(HttpMethod.Options, "/topics", null, null)).ShouldBe(new Answer(200, null, "", "GET,OPTIONS,HEAD"));
    }

    [Theory]
    [InlineData(null, 200)]
    [InlineData("*/*", 200)]
    [InlineData("application/*", 200)]
    [InlineData("application/vnd.kafka.v2+json", 200)]
    [InlineData("text/html, application/vnd.kafka.v2+json;q=0.5", 200)]
    [InlineData("text/html, */*;q=0.1", 200)]
    [InlineData("application/json", 406)]
    [InlineData("text/html", 406)]
    [InlineData("application/vnd.kafka.v2+json;q=0", 406)]
    public async Task The_client_must_accept_the_v2_type(string? accept, int status)
    {
        (await _bed.GetAsync("/topics", accept)).Status.ShouldBe(status);
    }

    [Fact]
    public async Task A_head_has_the_headers_of_a_get_and_no_body()
    {
        (await _bed.SendAsync(HttpMethod.Head, "/topics", null, null)).ShouldBe(new Answer(200, ProxyBed.V2, "", null));
    }

    [Fact]
    public async Task Offsets_and_configs_are_those_of_the_log()
    {
        await _bed.Log.CreateTopicAsync(new TopicSpec("kept", 1, new Dictionary<string, string> { ["retention.ms"] = "1000" }), default);
        await _bed.PostAsync("/topics/kept", """{"records":[{"value":1},{"value":2}]}""");
        (await _bed.GetAsync("/topics/kept")).Body.ShouldContain("\"configs\":{\"retention.ms\":\"1000\"}");
        (await _bed.GetAsync("/topics/kept/partitions/0/offsets")).Body.ShouldBe("""{"beginning_offset":0,"end_offset":2}""");
    }

    [Theory]
    [InlineData("application/vnd.kafka.v2+json", 200)]
    [InlineData("text/plain", 415)]
    public async Task The_root_takes_a_v2_entity(string contentType, int status)
    {
        (await _bed.PostAsync("/", "{}", contentType)).Status.ShouldBe(status);
    }
}

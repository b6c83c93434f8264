using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Bytes;
using Sluice.KafkaRest;
using Sluice.Log;
using Sluice.Testing;

namespace Sluice.Conformance.KafkaRest;

/// <summary>Topics of the proxy's log that are Kinesis streams.</summary>
public sealed class StreamTopicTests
{
    [Fact]
    public async Task A_stream_is_not_deleted_as_a_topic_and_the_refusal_names_it_and_the_way()
    {
        using var folder = new TemporaryFolder();
        await using var log = EmbeddedLog.Open(
            new EmbeddedLogOptions { Directory = folder.At("log"), Durability = Durability.None }, OsFileSystem.Instance, TimeProvider.System, NullLogger.Instance);
        await log.CreateStreamAsync(new StreamSpec("pins", 1, new StreamAttributes()), default);
        await log.CreateTopicAsync(new TopicSpec("topic", 1, new Dictionary<string, string>()), default);
        var proxy = new KafkaRestProxy(log, log, new KafkaRestOptions(), TimeProvider.System, NullLogger.Instance);
        await using var server = await LoopbackServer.StartAsync(proxy.InvokeAsync);
        var cluster = (await log.DescribeClusterAsync(default)).Id;

        using var refused = await server.Client.DeleteAsync(new Uri($"/v3/clusters/{cluster}/topics/pins", UriKind.Relative));
        ((int)refused.StatusCode).ShouldBe(403);
        var body = await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        body.ShouldContain("'pins' is a Kinesis stream");
        body.ShouldContain("40301");
        log.FindStream("pins").ShouldNotBeNull();

        using var deleted = await server.Client.DeleteAsync(new Uri($"/v3/clusters/{cluster}/topics/topic", UriKind.Relative));
        ((int)deleted.StatusCode).ShouldBe(204);
    }
}

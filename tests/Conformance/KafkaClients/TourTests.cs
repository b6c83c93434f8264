using Sluice.Conformance.KafkaWire;

namespace Sluice.Conformance.KafkaClients;

/// <summary>
/// Each client sends and reads with every codec it has, shares partitions with another and goes on where it committed, and administers topics,
/// offsets and groups; those that can be idempotent and transactional are.
/// </summary>
public sealed class TourTests(ITestOutputHelper report)
{
    private static readonly string[] s_all = ["codec none", "codec gzip", "codec snappy", "codec lz4", "group rebalances", "group goes on where it committed"];
    private static readonly string[] s_admin = ["admin: topics, partitions, configs", "admin: records, offsets, groups"];
    private static readonly string[] s_producers = ["idempotent producer", "transactions"];

    [Theory]
    [InlineData("kafkajs")]
    [InlineData("platformatic", false, true)]
    [InlineData("kafka-python", true)]
    [InlineData("confluent-kafka")]
    public async Task A_client_does_all_that_it_can(string client, bool isPlainProducer = false, bool hasConsumerProtocol = false)
    {
        await using var bed = await BrokerBed.StartAsync();
        var steps = await ForeignClient.Named(client).TourAsync(bed.Bootstrap);
        foreach (var (step, error) in steps) report.WriteLine($"{step}: {error ?? "done"}");
        steps.Where(step => step.Error is not null).ShouldBeEmpty();
        // zstd comes with some versions of the languages only.
        string[] consumerProtocol = hasConsumerProtocol ? ["group of the consumer protocol"] : [];
        steps.Select(step => step.Step).Where(step => step != "codec zstd")
            .ShouldBe([.. s_all, .. consumerProtocol, .. isPlainProducer ? [] : s_producers, .. s_admin]);
    }
}

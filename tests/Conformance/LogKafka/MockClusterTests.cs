using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Log;
using Sluice.Log.Kafka;

namespace Sluice.Conformance.LogKafka;

/// <summary>librdkafka's own mock cluster of three brokers, which is no code of ours: produce, fetch, offsets, groups.</summary>
public sealed class MockClusterTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact(Timeout = 60_000)]
    public async Task Records_offsets_and_groups_work_on_a_cluster_of_three()
    {
        using var cluster = new ProducerBuilder<Null, string>(
            [new("test.mock.num.brokers", "3"), new("bootstrap.servers", "mock")]).SetLogHandler((_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(cluster.Handle).Build();
        // The mock cluster makes a topic of four partitions when one is asked for.
        var metadata = admin.GetMetadata("t", s_patience);
        var servers = string.Join(',', metadata.Brokers.Select(b => $"{b.Host}:{b.Port}"));
        await using var log = KafkaLog.Open(new KafkaLogOptions { BootstrapServers = servers }, TimeProvider.System, NullLogger.Instance);
        (await log.FindTopicAsync("t", default))!.PartitionCount.ShouldBe(4);
        (await log.FindTopicAsync("none", default)).ShouldBeNull();
        for (var p = 0; p < 4; p++)
        {
            var partition = new Sluice.Log.TopicPartition("t", p);
            var waiting = log.WaitForRecordsAsync(partition, 0, default).AsTask();
            (await log.AppendAsync(partition, Batches.Of(0, 300, $"p{p}-"), default)).ShouldBe(new AppendResult(AppendError.None, 0));
            await waiting.WaitAsync(s_patience);
            (await log.OffsetsAsync(partition, default)).ShouldBe(new PartitionOffsets(0, 300));
            (await log.ReadAllAsync(partition, 0)).Select(r => r.Value).ShouldBe(Enumerable.Range(0, 300).Select(n => $"p{p}-{n}"));
            await log.CommitOffsetsAsync("g", [new(partition, 300, $"reached {p}")], default);
        }

        (await log.CommittedOffsetsAsync("g", default)).OrderBy(c => c.Partition.Partition).Select(c => (c.Offset, c.Metadata))
            .ShouldBe(Enumerable.Range(0, 4).Select(p => (300L, $"reached {p}")));
    }
}

using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Log;
using Sluice.Log.Kafka;
using Sluice.Log.Kafka.Appends;
using Sluice.Log.Kafka.Client;
using Sluice.Log.Kafka.Groups;
using Sluice.Log.Kafka.Reads;
using Sluice.Log.Kafka.Topics;
using TopicPartition = Sluice.Log.TopicPartition;

namespace Sluice.Conformance.LogKafka;

/// <summary>
/// librdkafka's own mock cluster of three brokers, which is no code of ours: produce, fetch, offsets, groups. It has no controller, which is
/// asked about topics, so the parts that need none are put together here.
/// </summary>
public sealed class MockClusterTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact(Timeout = 60_000)]
    public async Task Records_offsets_and_groups_work_on_a_cluster_of_three()
    {
        using var cluster = new ProducerBuilder<Null, string>(
            [new("test.mock.num.brokers", "3"), new("bootstrap.servers", "mock")]).SetLogHandler((_, _) => { }).Build();
        using var host = new DependentAdminClientBuilder(cluster.Handle).Build();
        // The mock cluster makes a topic of four partitions when one is asked for.
        var metadata = host.GetMetadata("t", s_patience);
        var servers = string.Join(',', metadata.Brokers.Select(b => $"{b.Host}:{b.Port}"));
        var clients = new Clients(new KafkaLogOptions { BootstrapServers = servers }, TimeProvider.System, NullLogger.Instance);
        using var admin = clients.Admin();
        var offsets = new OffsetLookup(clients, admin);
        using var places = new Places(clients);
        using var producer = new BatchProducer(clients);
        using var groups = new GroupOffsets(clients);
        var reader = new PartitionReader(clients, places, offsets);
        for (var p = 0; p < 4; p++)
        {
            var partition = new TopicPartition("t", p);
            var waiting = reader.WaitAsync(partition, 0, default).AsTask();
            (await producer.AppendAsync(partition, Batches.Of(0, 300, $"p{p}-"), default)).ShouldBe(new AppendResult(AppendError.None, 0));
            await waiting.WaitAsync(s_patience);
            (await offsets.OffsetsAsync(partition, default)).ShouldBe(new PartitionOffsets(0, 300));
            Batches.Read((await reader.ReadAsync(partition, 0, 1 << 20, default)).Bytes.Span, 0).Select(r => r.Value)
                .ShouldBe(Enumerable.Range(0, 300).Select(n => $"p{p}-{n}"));
            await groups.CommitAsync("g", [new(partition, 300, $"reached {p}")], default);
        }

        // The mock cluster tells the offsets of partitions that are named, and not those of a whole group.
        using var member = new ConsumerBuilder<Null, string>([new("bootstrap.servers", servers), new("group.id", "g")]).SetLogHandler((_, _) => { }).Build();
        member.Committed(Enumerable.Range(0, 4).Select(p => new Confluent.Kafka.TopicPartition("t", p)), s_patience).ShouldAllBe(c => c.Offset == 300);
    }
}

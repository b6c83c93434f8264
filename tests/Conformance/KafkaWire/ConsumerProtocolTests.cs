using System.Collections.Concurrent;
using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Sluice.KafkaWire;

namespace Sluice.Conformance.KafkaWire;

/// <summary>librdkafka with group.protocol=consumer (KIP-848).</summary>
public sealed class ConsumerProtocolTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private static readonly KafkaOptions s_options = new()
    {
        ConsumerHeartbeatInterval = TimeSpan.FromMilliseconds(200),
        ConsumerSessionTimeout = TimeSpan.FromSeconds(3),
    };

    [Theory]
    [InlineData(null)]
    [InlineData("uniform")]
    [InlineData("range")]
    public async Task Two_consumers_share_the_partitions_and_the_one_left_takes_over(string? assignor)
    {
        await using var bed = await BrokerBed.StartAsync(s_options);
        await bed.WithTopicAsync("t", 4);
        using var a = Consumer(bed, c => c.GroupRemoteAssignor = assignor);
        a.Subscribe("t");
        PollUntil([a], () => a.Assignment.Count == 4);
        using (var b = Consumer(bed, c => c.GroupRemoteAssignor = assignor))
        {
            b.Subscribe("t");
            PollUntil([a, b], () => a.Assignment.Count == 2 && b.Assignment.Count == 2);
            var group = await DescribeAsync(bed);
            (group.State, group.Members.Count, group.PartitionAssignor).ShouldBe((ConsumerGroupState.Stable, 2, assignor ?? "uniform"));
            b.Close();
        }

        PollUntil([a], () => a.Assignment.Count == 4);
        a.Close();
        using var admin = bed.Admin();
        (await admin.ListConsumerGroupsAsync()).Valid.Single().State.ShouldBe(ConsumerGroupState.Empty);
        await admin.DeleteGroupsAsync(["g"]);
        (await admin.ListConsumerGroupsAsync()).Valid.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_subscription_by_a_regular_expression_takes_in_topics_to_come()
    {
        await using var bed = await BrokerBed.StartAsync(s_options);
        await bed.WithTopicAsync("orders-1", 2);
        await bed.WithTopicAsync("other", 2);
        using var a = Consumer(bed);
        a.Subscribe("^orders-.*");
        PollUntil([a], () => a.Assignment.Count == 2);
        await bed.WithTopicAsync("orders-2", 3);
        PollUntil([a], () => a.Assignment.Count == 5);
        a.Assignment.Select(p => p.Topic).Distinct().ShouldBe(["orders-1", "orders-2"], ignoreOrder: true);
        await bed.Log.DeleteTopicAsync("orders-1", default);
        PollUntil([a], () => a.Assignment.Count == 3);
        a.Close();
    }

    [Fact]
    public async Task A_member_goes_on_over_a_restart_of_the_broker_with_what_it_has_and_what_it_committed()
    {
        await using var bed = await BrokerBed.StartAsync(s_options);
        await bed.WithTopicAsync("t", 2);
        var moves = new ConcurrentQueue<string>();
        using var a = Consumer(bed, moves: moves);
        a.Subscribe("t");
        PollUntil([a], () => a.Assignment.Count == 2);
        await ProduceAsync(bed, 10);
        ReadAndCommit(a, 10);
        var member = a.MemberId;
        await bed.RestartAsync();
        await ProduceAsync(bed, 10);
        ReadAndCommit(a, 10);
        a.MemberId.ShouldBe(member);
        moves.ShouldBe(["assigned t[0],t[1]"]);
        a.Close();

        await bed.RestartAsync();
        await ProduceAsync(bed, 5);
        using var b = Consumer(bed);
        b.Subscribe("t");
        ReadAndCommit(b, 5);
        b.Close();
    }

    [Fact]
    public async Task A_static_member_that_is_started_again_gets_its_partitions_back_and_nobody_else_notices()
    {
        await using var bed = await BrokerBed.StartAsync(s_options);
        await bed.WithTopicAsync("t", 4);
        var moves = new ConcurrentQueue<string>();
        var first = Consumer(bed, c => c.GroupInstanceId = "one");
        first.Subscribe("t");
        using var other = Consumer(bed, c => c.GroupInstanceId = "two", moves);
        other.Subscribe("t");
        PollUntil([first, other], () => first.Assignment.Count == 2 && other.Assignment.Count == 2);
        var had = first.Assignment.ToHashSet();
        moves.Clear();
        first.Close();
        first.Dispose();
        using var again = Consumer(bed, c => c.GroupInstanceId = "one");
        again.Subscribe("t");
        PollUntil([again, other], () => again.Assignment.Count == 2);
        again.Assignment.ShouldBe(had, ignoreOrder: true);
        moves.ShouldBeEmpty();
        again.Close();
        other.Close();
    }

    [Fact]
    public async Task Members_come_go_and_die_under_load_and_no_record_is_lost_or_read_by_two_at_a_time()
    {
        await using var bed = await BrokerBed.StartAsync(s_options);
        await bed.WithTopicAsync("t", 6);
        var load = new GroupLoad(Config(bed));
        using var producing = new CancellationTokenSource();
        var produced = Task.Run(() => ProduceUntil(bed, producing.Token));
        load.Start("a");
        await load.UntilAsync(l => l.Count("a") > 200);
        load.Start("b");
        load.Start("c");
        await load.UntilAsync(l => l.Count("b") > 200 && l.Count("c") > 200);
        await load.LeaveAsync("a");
        await load.UntilAsync(l => l.Owned("b") + l.Owned("c") == 6);
        await load.KillAsync("b");
        load.Start("d");
        await load.UntilAsync(l => l.Count("d") > 200 && l.Owned("c") + l.Owned("d") == 6);
        await bed.RestartAsync();
        load.Start("e");
        await load.UntilAsync(l => l.Count("e") > 200);
        await producing.CancelAsync();
        var total = await produced;
        await load.UntilAsync(l => l.Read.Count == total);
        foreach (var left in new[] { "c", "d", "e" }) await load.LeaveAsync(left);
        load.Faults.ShouldBeEmpty();
        // Only what the killed member read and had not committed is read again.
        load.ReadAgain.ShouldAllBe(member => member == "b");
    }

    private static ConsumerConfig Config(BrokerBed bed) => new()
    {
        BootstrapServers = bed.Bootstrap,
        GroupId = "g",
        GroupProtocol = GroupProtocol.Consumer,
        AutoOffsetReset = AutoOffsetReset.Earliest,
        EnableAutoCommit = false,
        ReconnectBackoffMs = 10,
        ReconnectBackoffMaxMs = 100,
    };

    /// <param name="moves">Where assignments and their ends are noted.</param>
    private static IConsumer<string, string> Consumer(BrokerBed bed, Action<ConsumerConfig>? configure = null, ConcurrentQueue<string>? moves = null)
    {
        var config = Config(bed);
        configure?.Invoke(config);
        string Named(IEnumerable<TopicPartition> partitions) => string.Join(',', partitions.OrderBy(p => p.Partition.Value).Select(p => $"{p.Topic}[{p.Partition.Value}]"));
        return new ConsumerBuilder<string, string>(config)
            .SetLogHandler((_, _) => { })
            .SetPartitionsAssignedHandler((_, partitions) => moves?.Enqueue("assigned " + Named(partitions)))
            .SetPartitionsRevokedHandler((_, partitions) => moves?.Enqueue("revoked " + Named(partitions.Select(p => p.TopicPartition))))
            .SetPartitionsLostHandler((_, partitions) => moves?.Enqueue("lost " + Named(partitions.Select(p => p.TopicPartition))))
            .Build();
    }

    private static async Task<ConsumerGroupDescription> DescribeAsync(BrokerBed bed)
    {
        using var admin = bed.Admin();
        return (await admin.DescribeConsumerGroupsAsync(["g"])).ConsumerGroupDescriptions.Single();
    }

    private static async Task ProduceAsync(BrokerBed bed, int count)
    {
        using var producer = bed.Producer();
        for (var i = 0; i < count; i++)
            await producer.ProduceAsync(new TopicPartition("t", i % 2), new Message<string, string> { Key = "k", Value = "v" });
    }

    private static int ProduceUntil(BrokerBed bed, CancellationToken stop)
    {
        using var producer = bed.Producer(c => (c.EnableIdempotence, c.MessageTimeoutMs, c.ReconnectBackoffMs, c.ReconnectBackoffMaxMs) = (true, 60_000, 10, 100));
        var count = 0;
        while (!stop.IsCancellationRequested)
        {
            for (var i = 0; i < 20; i++, count++)
                producer.Produce(new TopicPartition("t", count % 6), new Message<string, string> { Key = count.ToString(CultureInfo.InvariantCulture), Value = "v" });
            producer.Flush(s_patience).ShouldBe(0);
        }

        return count;
    }

    private static void ReadAndCommit(IConsumer<string, string> consumer, int count)
    {
        for (var read = 0; read < count; read++) consumer.Commit(consumer.Consume(s_patience).ShouldNotBeNull("nothing came in time"));
    }

    private static void PollUntil(IConsumer<string, string>[] consumers, Func<bool> isReached)
    {
        for (var turn = 0; !isReached(); turn++)
        {
            turn.ShouldBeLessThan(1_200, "the group did not come to rest");
            foreach (var consumer in consumers) consumer.Consume(TimeSpan.FromMilliseconds(25));
        }
    }
}

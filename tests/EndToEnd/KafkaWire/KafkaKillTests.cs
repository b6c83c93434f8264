using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Sluice.EndToEnd.KafkaWire;

/// <summary><c>SLUICE_TEST_KAFKA_KILLS</c> says how many kills there are instead of 3.</summary>
public sealed class KafkaKillTests(ITestOutputHelper output)
{
    [Fact(Timeout = 600_000)]
    public async Task Kills_under_producers_and_a_group_lose_nothing_double_nothing_and_show_nothing_aborted()
    {
        var kills = int.Parse(Environment.GetEnvironmentVariable("SLUICE_TEST_KAFKA_KILLS") ?? "3", CultureInfo.InvariantCulture);
        var seed = int.Parse(Environment.GetEnvironmentVariable("SLUICE_TEST_SEED") ?? "20261", CultureInfo.InvariantCulture);
        output.WriteLine($"seed {seed}: set SLUICE_TEST_SEED to replay how far apart the kills are");
        var random = new Random(seed);
        await using var node = new KafkaNode();
        await node.StartAsync();
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = node.Bootstrap }).SetLogHandler((_, _) => { }).Build())
        {
            await admin.CreateTopicsAsync([new TopicSpecification { Name = "plain", NumPartitions = 2 }, new TopicSpecification { Name = "rounds", NumPartitions = 2 }]);
        }

        using var stop = new CancellationTokenSource();
        var (plain, rounds) = (new IdempotentLoad(node.Bootstrap), new TransactionalLoad(node.Bootstrap));
        GroupLoad[] groups = [new(node.Bootstrap, GroupProtocol.Classic), new(node.Bootstrap, GroupProtocol.Consumer)];
        var loads = Task.WhenAll(
            [plain.RunAsync(stop.Token), OnThreadAsync(() => rounds.Run(stop.Token)), .. groups.Select(group => OnThreadAsync(() => group.Run(stop.Token)))]);
        // Each group has committed something that every kill must leave alone.
        var committed = Task.WhenAll(groups.Select(group => group.Commits.MoreAsync(1)));
        for (var kill = 0; kill < kills; kill++)
        {
            var more = Task.WhenAll(plain.Acknowledged.MoreAsync(random.Next(200, 1_500)), committed);
            // A load that ends early has failed, and says why.
            if (await Task.WhenAny(more, loads) == loads) await loads;
            await node.KillAsync();
            await node.StartAsync();
        }

        await plain.Acknowledged.MoreAsync(200);
        await stop.CancelAsync();
        await loads;
        output.WriteLine($"{plain.Sent} sent, {rounds.Committed.Count} rounds committed, {rounds.Aborted.Count} aborted, {rounds.Unknown.Count} unknown");
        Read(node, "plain").Select(m => int.Parse(m.Key, CultureInfo.InvariantCulture)).Order().ShouldBe(Enumerable.Range(0, plain.Sent));
        RoundsAreWhole(Read(node, "rounds"), rounds);
        foreach (var group in groups) OffsetsAreKept(node, group);
    }

    private static void RoundsAreWhole(List<Message<string, string>> read, TransactionalLoad load)
    {
        var byRound = read.GroupBy(m => int.Parse(m.Key, CultureInfo.InvariantCulture)).ToDictionary(g => g.Key, g => g.Select(m => m.Value).Order().ToArray());
        var whole = Enumerable.Range(0, TransactionalLoad.RecordsPerRound).Select(i => $"{i}").Order().ToArray();
        foreach (var values in byRound.Values) values.ShouldBe(whole, "a round is seen once and as a whole");
        load.Committed.Count.ShouldBeGreaterThan(0);
        load.Committed.Except(byRound.Keys).ShouldBeEmpty("a committed round is lost");
        load.Aborted.Intersect(byRound.Keys).ShouldBeEmpty("an aborted round is seen");
        byRound.Keys.Except(load.Committed).Except(load.Unknown).ShouldBeEmpty();
    }

    private static void OffsetsAreKept(KafkaNode node, GroupLoad load)
    {
        using var consumer = Consumer(node, load.Group);
        foreach (var kept in consumer.Committed(load.Acknowledged.Keys, TimeSpan.FromSeconds(30)))
            kept.Offset.Value.ShouldBeGreaterThanOrEqualTo(load.Acknowledged[kept.TopicPartition]);
        load.Acknowledged.ShouldNotBeEmpty();
    }

    private static List<Message<string, string>> Read(KafkaNode node, string topic)
    {
        using var consumer = Consumer(node, "reader");
        consumer.Assign([new TopicPartitionOffset(topic, 0, 0), new TopicPartitionOffset(topic, 1, 0)]);
        var read = new List<Message<string, string>>();
        for (var ends = 0; ends < 2;)
        {
            var result = consumer.Consume(TimeSpan.FromSeconds(30)).ShouldNotBeNull("nothing came in time");
            if (result.IsPartitionEOF) ends++;
            else read.Add(result.Message);
        }

        return read;
    }

    private static IConsumer<string, string> Consumer(KafkaNode node, string group)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = node.Bootstrap, GroupId = group, IsolationLevel = IsolationLevel.ReadCommitted, EnablePartitionEof = true, EnableAutoCommit = false,
        };
        return new ConsumerBuilder<string, string>(config).SetLogHandler((_, _) => { }).Build();
    }

    private static Task OnThreadAsync(Action work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}

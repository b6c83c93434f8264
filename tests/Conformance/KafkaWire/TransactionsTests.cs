using System.Globalization;
using Confluent.Kafka;

namespace Sluice.Conformance.KafkaWire;

/// <summary>Transactions as librdkafka does them, over Confluent.Kafka.</summary>
public sealed class TransactionsTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_reader_of_committed_records_never_sees_an_aborted_one()
    {
        await using var bed = await BrokerBed.StartAsync();
        await bed.WithTopicAsync("t");
        using (var producer = Transactional(bed, "id"))
        {
            for (var round = 0; round < 6; round++)
            {
                producer.BeginTransaction();
                for (var i = 0; i < 20; i++) producer.Produce("t", new Message<string, string> { Key = round % 2 == 0 ? "committed" : "aborted", Value = $"{round}" });
                // An abort takes away what was not sent yet.
                producer.Flush(s_patience).ShouldBe(0);
                if (round % 2 == 0) producer.CommitTransaction(s_patience);
                else producer.AbortTransaction(s_patience);
            }

            producer.BeginTransaction();
            await producer.ProduceAsync("t", new Message<string, string> { Key = "open", Value = "" });
            var committed = ReadAll(bed, IsolationLevel.ReadCommitted);
            committed.Count.ShouldBe(60);
            committed.ShouldAllBe(m => m.Key == "committed");
            ReadAll(bed, IsolationLevel.ReadUncommitted).Select(m => m.Key).Distinct().Order().ShouldBe(["aborted", "committed", "open"]);
            using var consumer = bed.Consumer("g", c => c.IsolationLevel = IsolationLevel.ReadCommitted);
            consumer.QueryWatermarkOffsets(new TopicPartition("t", 0), s_patience).High.Value.ShouldBe(126);
            producer.CommitTransaction(s_patience);
        }

        ReadAll(bed, IsolationLevel.ReadCommitted).Count(m => m.Key == "open").ShouldBe(1);
    }

    [Fact]
    public async Task Consume_transform_produce_gives_each_record_once_through_restarts_of_the_broker()
    {
        await using var bed = await BrokerBed.StartAsync();
        await bed.WithTopicAsync("in", 2);
        await bed.WithTopicAsync("t");
        const int Count = 600;
        using (var source = bed.Producer())
        {
            for (var i = 0; i < Count; i++) source.Produce("in", new Message<string, string> { Key = $"{i}", Value = $"{i}" });
            source.Flush(s_patience).ShouldBe(0);
        }

        var isLost = false;
        using var consumer = Processor(bed, () => isLost = true);
        consumer.Subscribe("in");
        using var producer = Transactional(bed, "id");
        for (var (done, rounds) = (0, 0); done < Count; rounds++)
        {
            producer.BeginTransaction();
            isLost = false;
            var moved = 0;
            while (moved < 100 && done + moved < Count && !isLost)
            {
                var result = consumer.Consume(s_patience).ShouldNotBeNull("nothing came in time");
                if (result.IsPartitionEOF || isLost) continue;
                producer.Produce("t", new Message<string, string> { Key = result.Message.Key, Value = result.Message.Value });
                moved++;
            }

            if (rounds == 2) await bed.RestartAsync();
            if (TryCommit(producer, consumer, isLost)) done += moved;
        }

        ReadAll(bed, IsolationLevel.ReadCommitted).Select(m => int.Parse(m.Key, CultureInfo.InvariantCulture)).Order().ShouldBe(Enumerable.Range(0, Count));
        consumer.Committed(consumer.Assignment, s_patience).Sum(o => o.Offset.Value).ShouldBe(Count);
        consumer.Close();
    }

    [Fact]
    public async Task The_older_of_two_producers_with_one_id_is_shut_out()
    {
        await using var bed = await BrokerBed.StartAsync();
        await bed.WithTopicAsync("t");
        using var zombie = Transactional(bed, "id");
        zombie.BeginTransaction();
        await zombie.ProduceAsync("t", new Message<string, string> { Key = "zombie", Value = "" });
        using var next = Transactional(bed, "id");
        next.BeginTransaction();
        next.Produce("t", new Message<string, string> { Key = "next", Value = "" });
        next.CommitTransaction(s_patience);
        Should.Throw<KafkaException>(() => zombie.CommitTransaction(s_patience)).Error.IsFatal.ShouldBeTrue();
        ReadAll(bed, IsolationLevel.ReadCommitted).Select(m => m.Key).ShouldBe(["next"]);
    }

    /// <summary>Commits what was produced with where it was consumed; when it cannot be, aborts and goes back to what was committed.</summary>
    private static bool TryCommit(IProducer<string, string> producer, IConsumer<string, string> consumer, bool isLost)
    {
        if (isLost)
        {
            // Another assignment has begun, at what was committed.
            producer.AbortTransaction(s_patience);
            return false;
        }

        try
        {
            var positions = consumer.Assignment.Select(p => new TopicPartitionOffset(p, consumer.Position(p))).Where(p => p.Offset >= 0);
            producer.SendOffsetsToTransaction(positions, consumer.ConsumerGroupMetadata, s_patience);
            producer.CommitTransaction(s_patience);
            return true;
        }
        catch (KafkaTxnRequiresAbortException)
        {
            // The group has begun anew since the records were consumed.
            producer.AbortTransaction(s_patience);
            foreach (var committed in consumer.Committed(consumer.Assignment, s_patience))
                consumer.Seek(new TopicPartitionOffset(committed.TopicPartition, committed.Offset < 0 ? 0 : committed.Offset));
            return false;
        }
    }

    private static IConsumer<string, string> Processor(BrokerBed bed, Action lost)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = bed.Bootstrap,
            GroupId = "g",
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnableAutoCommit = false,
            IsolationLevel = IsolationLevel.ReadCommitted,
            HeartbeatIntervalMs = 200,
            ReconnectBackoffMs = 10,
            ReconnectBackoffMaxMs = 100,
        };
        return new ConsumerBuilder<string, string>(config).SetLogHandler((_, _) => { })
            .SetPartitionsRevokedHandler((_, _) => lost()).SetPartitionsLostHandler((_, _) => lost()).Build();
    }

    private static IProducer<string, string> Transactional(BrokerBed bed, string id)
    {
        var producer = bed.Producer(c => (c.TransactionalId, c.ReconnectBackoffMs, c.ReconnectBackoffMaxMs) = (id, 10, 100));
        producer.InitTransactions(s_patience);
        return producer;
    }

    private static List<Message<string, string>> ReadAll(BrokerBed bed, IsolationLevel isolation)
    {
        using var consumer = bed.Consumer("reader", c => c.IsolationLevel = isolation);
        consumer.Assign(new TopicPartitionOffset("t", 0, 0));
        var read = new List<Message<string, string>>();
        while (true)
        {
            var result = consumer.Consume(s_patience).ShouldNotBeNull("nothing came in time");
            if (result.IsPartitionEOF) return read;
            read.Add(result.Message);
        }
    }
}

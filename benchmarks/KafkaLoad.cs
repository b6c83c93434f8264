using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Sluice.Bench;

/// <summary>Records for one topic, produced as fast as librdkafka hands them over and consumed as fast as it gives them back.</summary>
internal sealed class KafkaLoad(string broker, string topic, int partitions, int records, int recordBytes)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private double Megabytes => (double)records * recordBytes / 1e6;

    public async Task CreateTopicAsync()
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker }).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = partitions }]);
    }

    /// <summary>Produces all records with acks=all; gives MB/s from the first record handed over to the last one acknowledged.</summary>
    public double Produce()
    {
        var config = new ProducerConfig
        {
            BootstrapServers = broker,
            Acks = Acks.All,
            LingerMs = 5,
            QueueBufferingMaxMessages = 200_000,
            // That all have arrived is seen from the partitions' ends: a report per record would be this client's work, not the broker's.
            EnableDeliveryReports = false,
        };
        using var producer = new ProducerBuilder<Null, byte[]>(config).Build();
        var value = new byte[recordBytes];
        new Random(2).NextBytes(value);
        // The client connects and learns of the topic before the clock runs.
        producer.InitMetadata(broker, topic);
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < records; i++) Send(producer, i % partitions, value);
        var left = producer.Flush(s_patience);
        var seconds = clock.Elapsed.TotalSeconds;
        if (left > 0 || End() != records) throw new InvalidOperationException($"{records} records were produced to {topic}; it has {End()}.");
        return Megabytes / seconds;
    }

    /// <summary>Consumes all records; gives MB/s from the assignment to the last record.</summary>
    public double Consume()
    {
        var config = new ConsumerConfig { BootstrapServers = broker, GroupId = "bench", EnableAutoCommit = false };
        using var consumer = new ConsumerBuilder<Ignore, int>(config).SetValueDeserializer(new LengthOnly()).Build();
        var clock = Stopwatch.StartNew();
        consumer.Assign(Enumerable.Range(0, partitions).Select(p => new TopicPartitionOffset(topic, p, 0)));
        long bytes = 0;
        for (var i = 0; i < records; i++)
            bytes += (consumer.Consume(s_patience) ?? throw new InvalidOperationException($"{topic} gave {i} of {records} records.")).Message.Value;
        var seconds = clock.Elapsed.TotalSeconds;
        if (bytes != (long)records * recordBytes) throw new InvalidOperationException($"The records of {topic} hold {bytes} bytes.");
        return Megabytes / seconds;
    }

    private void Send(IProducer<Null, byte[]> producer, int partition, byte[] value)
    {
        var message = new Message<Null, byte[]> { Value = value };
        while (true)
        {
            try
            {
                producer.Produce(new TopicPartition(topic, partition), message);
                return;
            }
            catch (ProduceException<Null, byte[]> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Poll(TimeSpan.FromMilliseconds(1));
            }
        }
    }

    private long End()
    {
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = broker, GroupId = "bench" }).Build();
        return Enumerable.Range(0, partitions).Sum(p => consumer.QueryWatermarkOffsets(new TopicPartition(topic, p), s_patience).High.Value);
    }

    private sealed class LengthOnly : IDeserializer<int>
    {
        public int Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) => data.Length;
    }
}

internal static class ProducerMetadata
{
    /// <summary>Has the producer know the topic's partitions.</summary>
    public static void InitMetadata<TKey, TValue>(this IProducer<TKey, TValue> producer, string broker, string topic)
    {
        using var admin = new DependentAdminClientBuilder(producer.Handle).Build();
        var known = admin.GetMetadata(topic, TimeSpan.FromSeconds(10)).Topics.Single();
        if (known.Error.IsError) throw new InvalidOperationException($"{broker} does not serve {topic}: {known.Error.Reason}");
    }
}

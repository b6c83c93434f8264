using System.Buffers.Binary;
using System.Diagnostics;
using Confluent.Kafka;

namespace Sluice.Bench;

/// <summary>A record's way from the call that produces it, through the disk, to the consumer that has it, at a steady rate.</summary>
internal static class KafkaLatency
{
    private const int RecordsPerSecond = 10_000;
    private const int Seconds = 10;
    private const int RecordBytes = 1024;
    private const int Records = RecordsPerSecond * Seconds;
    private const string Topic = "bench-latency";

    // The first second is not counted: both clients connect, and the code is compiled.
    private const int Uncounted = RecordsPerSecond;

    public static async Task MeasureAsync(string broker, CancellationToken cancel)
    {
        await new KafkaLoad(broker, Topic, 1, 0, RecordBytes).CreateTopicAsync();
        var consuming = Task.Run(() => Consume(broker), cancel);
        await ProduceAsync(broker, cancel);
        var latencies = await consuming;
        Array.Sort(latencies);
        var detail = new { rate = RecordsPerSecond, seconds = Seconds, record_bytes = RecordBytes, linger_ms = 1, durability = "fsync" };
        Figure.Print("kafka", "end_to_end_p50", latencies[latencies.Length / 2], "ms", detail);
        Figure.Print("kafka", "end_to_end_p99", latencies[(int)(latencies.Length * 0.99)], "ms");
        Figure.Print("kafka", "end_to_end_max", latencies[^1], "ms");
    }

    private static async Task ProduceAsync(string broker, CancellationToken cancel)
    {
        var config = new ProducerConfig { BootstrapServers = broker, Acks = Acks.All, LingerMs = 1, EnableDeliveryReports = false };
        using var producer = new ProducerBuilder<Null, byte[]>(config).Build();
        producer.InitMetadata(broker, Topic);
        var value = new byte[RecordBytes];
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        var start = Stopwatch.GetTimestamp();
        for (var sent = 0; sent < Records;)
        {
            var due = Math.Min(Records, (int)(Stopwatch.GetElapsedTime(start).TotalSeconds * RecordsPerSecond));
            for (; sent < due; sent++)
            {
                BinaryPrimitives.WriteInt64LittleEndian(value, Stopwatch.GetTimestamp());
                producer.Produce(Topic, new Message<Null, byte[]> { Value = value });
            }

            await tick.WaitForNextTickAsync(cancel);
        }

        producer.Flush(TimeSpan.FromSeconds(30));
    }

    private static double[] Consume(string broker)
    {
        var config = new ConsumerConfig { BootstrapServers = broker, GroupId = "bench", EnableAutoCommit = false };
        using var consumer = new ConsumerBuilder<Ignore, long>(config).SetValueDeserializer(new SentAt()).Build();
        consumer.Assign(new TopicPartitionOffset(Topic, 0, 0));
        var latencies = new double[Records - Uncounted];
        for (var i = 0; i < Records; i++)
        {
            var record = consumer.Consume(TimeSpan.FromSeconds(30)) ?? throw new InvalidOperationException($"{i} of {Records} records arrived.");
            if (i >= Uncounted) latencies[i - Uncounted] = Stopwatch.GetElapsedTime(record.Message.Value).TotalMilliseconds;
        }

        return latencies;
    }

    private sealed class SentAt : IDeserializer<long>
    {
        public long Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) => BinaryPrimitives.ReadInt64LittleEndian(data);
    }
}

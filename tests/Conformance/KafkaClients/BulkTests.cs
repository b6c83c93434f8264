using System.Diagnostics;
using System.Text;
using Confluent.Kafka;
using Sluice.Conformance.KafkaWire;

namespace Sluice.Conformance.KafkaClients;

/// <summary>
/// Many records through each client in each direction, alone: what it sends is read from the log, what it reads was put into the log, so that
/// two wrongs of one client do not make a right.
/// </summary>
public sealed class BulkTests(ITestOutputHelper report)
{
    private const string Topic = "bulk";
    private const string Kcat = "/usr/bin/kcat";

    [Theory]
    [InlineData("kafkajs")]
    [InlineData("platformatic")]
    [InlineData("kafka-python")]
    [InlineData("confluent-kafka")]
    [InlineData("kcat")]
    [InlineData("Confluent.Kafka")]
    public async Task What_a_client_produces_is_in_the_log_once_and_in_order(string client)
    {
        await using var bed = await BrokerBed.StartAsync();
        await bed.WithTopicAsync(Topic);
        var clock = Stopwatch.StartNew();
        await (client switch
        {
            "kcat" => ProduceWithKcatAsync(bed.Bootstrap),
            "Confluent.Kafka" => Task.Run(() => ProduceWithConfluentKafka(bed)),
            _ => ForeignClient.Named(client).ProduceAsync(bed.Bootstrap, Topic, BulkRecords.Count),
        });
        report.WriteLine($"{client} produced {BulkRecords.Count / clock.Elapsed.TotalSeconds:0} records/s.");
        (await BulkRecords.StoredAsync(bed.Log, Topic)).ShouldBe(BulkRecords.Sum);
    }

    [Theory]
    [InlineData("kafkajs")]
    [InlineData("platformatic")]
    [InlineData("kafka-python")]
    [InlineData("confluent-kafka")]
    [InlineData("kcat")]
    [InlineData("Confluent.Kafka")]
    public async Task What_is_in_the_log_a_client_consumes_once_and_in_order(string client)
    {
        await using var bed = await BrokerBed.StartAsync();
        await bed.WithTopicAsync(Topic);
        await BulkRecords.FillAsync(bed.Log, Topic);
        var clock = Stopwatch.StartNew();
        var consumed = await (client switch
        {
            "kcat" => ConsumeWithKcatAsync(bed.Bootstrap),
            "Confluent.Kafka" => Task.Run(() => ConsumeWithConfluentKafka(bed)),
            _ => ForeignClient.Named(client).ConsumeAsync(bed.Bootstrap, Topic, BulkRecords.Count),
        });
        report.WriteLine($"{client} consumed {BulkRecords.Count / clock.Elapsed.TotalSeconds:0} records/s.");
        consumed.ShouldBe(BulkRecords.Sum);
    }

    private static async Task ProduceWithKcatAsync(string bootstrap)
    {
        Assert.SkipUnless(File.Exists(Kcat), "needs kcat: apt-get install kcat");
        var start = new ProcessStartInfo(Kcat, ["-b", bootstrap, "-P", "-t", Topic, "-X", "enable.idempotence=true"]);
        await ForeignClient.RunAsync(start, async input =>
        {
            for (var i = 0; i < BulkRecords.Count; i++) await input.WriteAsync($"{BulkRecords.Text(i)}\n");
        });
    }

    private static async Task<BulkSum> ConsumeWithKcatAsync(string bootstrap)
    {
        Assert.SkipUnless(File.Exists(Kcat), "needs kcat: apt-get install kcat");
        var start = new ProcessStartInfo(Kcat, ["-b", bootstrap, "-C", "-t", Topic, "-o", "beginning", "-e", "-q"]);
        var printed = await ForeignClient.RunAsync(start, _ => Task.CompletedTask);
        return BulkRecords.SumOf(printed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(line)));
    }

    private static void ProduceWithConfluentKafka(BrokerBed bed)
    {
        using var producer = bed.Producer(c => c.EnableIdempotence = true);
        for (var i = 0; i < BulkRecords.Count;)
        {
            try
            {
                producer.Produce(Topic, new Message<string, string> { Value = BulkRecords.Text(i) });
                i++;
            }
            catch (ProduceException<string, string> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Poll(TimeSpan.FromMilliseconds(100));
            }
        }

        producer.Flush(TimeSpan.FromMinutes(5)).ShouldBe(0);
    }

    private static BulkSum ConsumeWithConfluentKafka(BrokerBed bed)
    {
        using var consumer = bed.Consumer("bulk");
        consumer.Assign(new TopicPartitionOffset(Topic, 0, 0));
        var values = new List<ReadOnlyMemory<byte>>();
        while (true)
        {
            var result = consumer.Consume(TimeSpan.FromMinutes(1)).ShouldNotBeNull();
            if (result.IsPartitionEOF) return BulkRecords.SumOf(values);
            values.Add(Encoding.ASCII.GetBytes(result.Message.Value));
        }
    }
}

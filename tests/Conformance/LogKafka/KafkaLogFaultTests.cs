using Sluice.KafkaWire;
using Sluice.Log;
using Sluice.Log.Kafka;

namespace Sluice.Conformance.LogKafka;

/// <summary>What a log over Kafka does when Kafka is not there, goes away, or refuses.</summary>
public sealed class KafkaLogFaultTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly KafkaLogLimits s_hasty = new() { RequestTimeout = TimeSpan.FromSeconds(3), DeliveryTimeout = TimeSpan.FromSeconds(3) };

    [Fact(Timeout = 60_000)]
    public async Task A_broker_that_is_not_there_is_named_with_the_setting()
    {
        await using var bed = await KafkaLogBed.StartAsync();
        await bed.StopBrokerAsync();
        await using var log = bed.Open(o => o with { Limits = s_hasty });
        var fault = await Should.ThrowAsync<LogUnavailableException>(async () => await log.FindTopicAsync("t", default));
        fault.Message.ShouldContain(bed.Servers);
        fault.Message.ShouldContain("bootstrap.servers");
        await Should.ThrowAsync<LogUnavailableException>(async () => await log.ListTopicsAsync(default));
        await Should.ThrowAsync<LogUnavailableException>(async () => await log.CommittedOffsetsAsync("g", default));
    }

    [Fact]
    public void A_property_that_is_none_is_named()
    {
        var options = new KafkaLogOptions { BootstrapServers = "127.0.0.1:1", Properties = new Dictionary<string, string> { ["sasl.mechanismus"] = "PLAIN" } };
        Should.Throw<KafkaLogException>(() => KafkaLog.Open(options, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance))
            .Message.ShouldContain("sasl.mechanismus");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_broker_that_comes_back_is_gone_on_with()
    {
        await using var bed = await KafkaLogBed.StartAsync();
        await using var log = bed.Open();
        var partition = new TopicPartition("t", 0);
        await log.MakeTopicAsync("t");
        await log.AppendAsync(partition, Batches.Of(0, 100), default);
        (await log.ReadAllAsync(partition, 0)).Count.ShouldBe(100);
        var waiting = log.WaitForRecordsAsync(partition, 100, default).AsTask();
        await bed.StopBrokerAsync();
        var appending = log.AppendAsync(partition, Batches.Of(100, 100), default).AsTask();
        await bed.StartBrokerAsync();
        (await appending.WaitAsync(s_patience)).ShouldBe(new AppendResult(AppendError.None, 100));
        await waiting.WaitAsync(s_patience);
        (await log.ReadAllAsync(partition, 0)).Select(r => r.Value).ShouldBe(Enumerable.Range(0, 200).Select(n => $"{n}"));
        await log.CommitOffsetsAsync("g", [new(partition, 200, "")], default);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_append_that_is_not_answered_is_an_unknown_outcome_and_not_a_refusal()
    {
        await using var bed = await KafkaLogBed.StartAsync();
        await using var log = bed.Open(o => o with { Limits = s_hasty });
        await log.MakeTopicAsync("t");
        await bed.StopBrokerAsync();
        (await Should.ThrowAsync<LogUnavailableException>(async () => await log.AppendAsync(new("t", 0), Batches.Of(0, 1), default)))
            .Message.ShouldContain("may be stored or not");
    }

    [Fact(Timeout = 60_000)]
    public async Task An_append_of_which_some_records_are_stored_is_not_answered_as_a_refusal()
    {
        await using var bed = await KafkaLogBed.StartAsync();
        await using var log = bed.Open(o => o with { Properties = new Dictionary<string, string> { ["batch.size"] = "4000" } });
        await log.CreateTopicAsync(new TopicSpec("t", 1, new Dictionary<string, string> { ["max.message.bytes"] = "20000" }), default);
        var append = new RecordBatchBuilder();
        for (var n = 0; n < 20; n++) append.Append(n, RecordBytes.Null, RecordBytes.Of(new byte[500]));
        append.Append(20, RecordBytes.Null, RecordBytes.Of(new byte[30_000]));
        var fault = await Should.ThrowAsync<KafkaLogException>(async () => await log.AppendAsync(new("t", 0), append.Build(), default));
        var stored = (await bed.Held.OffsetsAsync(new TopicPartition("t", 0), default)).End;
        stored.ShouldBeInRange(1, 20);
        fault.Message.ShouldContain($"{stored} of its 21 records are stored");
        (await log.AppendAsync(new("t", 0), Batches.OfSize(30_000), default)).ShouldBe(new AppendResult(AppendError.MessageTooLarge, -1));
        (await log.AppendAsync(new("t", 0), Batches.Of(0, 1), default)).ShouldBe(new AppendResult(AppendError.None, stored));
    }

    [Fact(Timeout = 60_000)]
    public async Task Who_waits_at_a_topic_that_is_deleted_is_told()
    {
        await using var bed = await KafkaLogBed.StartAsync();
        await using var log = bed.Open(o => o with { Limits = o.Limits with { LookInterval = TimeSpan.FromMilliseconds(200) } });
        await log.MakeTopicAsync("t");
        await log.AppendAsync(new("t", 0), Batches.Of(0, 1), default);
        (await log.ReadAllAsync(new("t", 0), 0)).Count.ShouldBe(1);
        var waiting = log.WaitForRecordsAsync(new("t", 0), 1, default).AsTask();
        await bed.Held.DeleteTopicAsync("t", default);
        await waiting.WaitAsync(s_patience);
        await Should.ThrowAsync<UnknownTopicPartitionException>(async () => await log.ReadAsync(new("t", 0), 0, 1, default));
    }

    [Fact(Timeout = 60_000)]
    public async Task Records_that_retention_removed_are_out_of_range()
    {
        await using var bed = await KafkaLogBed.StartAsync();
        await using var log = bed.Open();
        await log.MakeTopicAsync("t");
        await log.AppendAsync(new("t", 0), Batches.Of(0, 10), default);
        await bed.Held.DeleteRecordsAsync(new("t", 0), 6, default);
        (await log.OffsetsAsync(new TopicPartition("t", 0), default)).ShouldBe(new PartitionOffsets(6, 10));
        await Should.ThrowAsync<OffsetOutOfRangeException>(async () => await log.ReadAsync(new("t", 0), 5, 1 << 20, default));
        (await log.ReadAllAsync(new("t", 0), 6)).Select(r => r.Value).ShouldBe(["6", "7", "8", "9"]);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("PLAIN")]
    [InlineData("SCRAM-SHA-256")]
    [InlineData("SCRAM-SHA-512")]
    public async Task A_password_opens_the_log_and_another_one_does_not(string mechanism)
    {
        await using var bed = await KafkaLogBed.StartAsync(new KafkaOptions { SaslUsers = new Dictionary<string, string> { ["ada"] = "secret" } });
        await using (var log = bed.Open(o => o with { Properties = Login(mechanism, "secret") }))
        {
            await log.MakeTopicAsync("t");
            await log.AppendAsync(new("t", 0), Batches.Of(0, 10), default);
            (await log.ReadAllAsync(new("t", 0), 0)).Count.ShouldBe(10);
            await log.CommitOffsetsAsync("g", [new(new("t", 0), 10, "x")], default);
        }

        await using var denied = bed.Open(o => o with { Properties = Login(mechanism, "another"), Limits = s_hasty });
        var fault = await Should.ThrowAsync<LogUnavailableException>(async () => await denied.FindTopicAsync("t", default));
        fault.Message.ShouldContain("SASL");
        fault.Message.ShouldNotContain("another");
    }

    private static Dictionary<string, string> Login(string mechanism, string password) => new()
    {
        ["security.protocol"] = "SASL_PLAINTEXT", ["sasl.mechanism"] = mechanism, ["sasl.username"] = "ada", ["sasl.password"] = password,
    };
}

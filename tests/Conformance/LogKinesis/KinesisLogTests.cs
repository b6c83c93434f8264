using System.Text;
using Sluice.Log;
using Sluice.Log.Kinesis;

namespace Sluice.Conformance.LogKinesis;

/// <summary>The log over servers that speak Kinesis, ours and others'.</summary>
public sealed class KinesisLogTests
{
    private static readonly IReadOnlyDictionary<string, string> s_noConfigs = new Dictionary<string, string>();

    public static TheoryData<string> Servers => KinesisBed.Servers;

    [Theory, MemberData(nameof(Servers))]
    public async Task What_is_appended_to_a_shard_is_read_from_it_in_order(string server)
    {
        await using var bed = await KinesisBed.StartAsync(server);
        await using var log = bed.Open();
        (await log.FindTopicAsync("events", default)).ShouldBeNull();
        var topic = await log.CreateTopicAsync(new TopicSpec("events", 2, s_noConfigs), default);
        topic.PartitionCount.ShouldBe(2);
        await Should.ThrowAsync<TopicExistsException>(async () => await log.CreateTopicAsync(new TopicSpec("events", 2, s_noConfigs), default));
        (await log.PartitionsAsync("events", default)).Select(p => (p.Partition, p.Name, p.Parents.Count, p.IsClosed))
            .ShouldBe([(0, "shardId-000000000000", 0, false), (1, "shardId-000000000001", 0, false)]);
        var before = DateTimeOffset.UtcNow.AddSeconds(-5).ToUnixTimeMilliseconds();
        for (var shard = 0; shard < 2; shard++)
        {
            (await log.OffsetsAsync(new("events", shard), default)).ShouldBe(new PartitionOffsets(0, 0));
            (await AppendAsync(log, new("events", shard), 0, 600, $"s{shard}-")).ShouldBe(AppendError.None);
        }

        for (var shard = 0; shard < 2; shard++)
        {
            var partition = new TopicPartition("events", shard);
            (await log.OffsetsAsync(partition, default)).ShouldBe(new PartitionOffsets(0, 600));
            var records = await ReadAsync(log, partition, 0);
            records.Select(r => r.Value).ShouldBe(Enumerable.Range(0, 600).Select(n => $"s{shard}-{n}"));
            records.ShouldAllBe(r => r.Key == "key of " + r.Value && r.TimestampMs > before);
            (await log.OffsetForTimestampAsync(partition, before, default)).ShouldBe(0);
        }

        (await log.AppendAsync(new("events", 7), Batch(0, 1, "x"), default)).Error.ShouldBe(AppendError.UnknownTopicOrPartition);
        await Should.ThrowAsync<UnknownTopicPartitionException>(async () => await log.ReadAsync(new("none", 0), 0, 1, default));
        (await log.ListTopicsAsync(default)).Select(t => t.Name).ShouldBe(["events"]);
        (await log.DeleteTopicAsync("events", default)).ShouldBeTrue();
        (await log.DeleteTopicAsync("events", default)).ShouldBeFalse();
        (await log.ListTopicsAsync(default)).ShouldBeEmpty();
    }

    [Theory, MemberData(nameof(Servers))]
    public async Task Another_process_continues_where_a_job_committed(string server)
    {
        await using var bed = await KinesisBed.StartAsync(server);
        var partition = new TopicPartition("events", 0);
        var small = new KinesisLogLimits { RecordsPerFetch = 7, MarkRecords = 20, PollInterval = TimeSpan.FromMilliseconds(50) };
        await using (var first = bed.Open(small))
        {
            await first.CreateTopicAsync(new TopicSpec("events", 1, s_noConfigs), default);
            await AppendAsync(first, partition, 0, 100, "");
            (await ReadAsync(first, partition, 0)).Count.ShouldBe(100);
            await first.CommitOffsetsAsync("job", [new CommittedOffset(partition, 64, "")], default);
        }

        await using var second = bed.Open(small);
        await AppendAsync(second, partition, 100, 30, "");
        var from = (await second.CommittedOffsetsAsync("job", default)).Single().Offset;
        (await ReadAsync(second, partition, from)).Select(r => r.Value).ShouldBe(Enumerable.Range(64, 66).Select(n => $"{n}"));
    }

    [Theory, MemberData(nameof(Servers))]
    public async Task A_split_shard_ends_and_its_children_follow(string server)
    {
        await using var bed = await KinesisBed.StartAsync(server);
        await using var log = bed.Open();
        await log.CreateTopicAsync(new TopicSpec("events", 1, s_noConfigs), default);
        await AppendAsync(log, new("events", 0), 0, 10, "");
        await bed.ActAsync(
            "SplitShard",
            """{"StreamName":"events","ShardToSplit":"shardId-000000000000","NewStartingHashKey":"170141183460469231731687303715884105728"}""");
        // Servers differ in when the children are there; each look is a request to them.
        while ((await log.PartitionsAsync("events", default)).Count < 3)
        {
        }

        (await log.PartitionsAsync("events", default)).Select(p => (p.Partition, string.Join(',', p.Parents), p.IsClosed))
            .ShouldBe([(0, "", true), (1, "0", false), (2, "0", false)]);
        (await log.AppendAsync(new("events", 0), Batch(0, 1, "x"), default)).Error.ShouldBe(AppendError.PartitionClosed);
        await AppendAsync(log, new("events", 1), 10, 5, "");
        await AppendAsync(log, new("events", 2), 20, 5, "");
        (await ReadAsync(log, new("events", 0), 0)).Count.ShouldBe(10);
        await log.WaitForRecordsAsync(new("events", 0), 10, default);
        (await ReadAsync(log, new("events", 1), 0)).Select(r => r.Value).ShouldBe(["10", "11", "12", "13", "14"]);
        (await ReadAsync(log, new("events", 2), 0)).Select(r => r.Value).ShouldBe(["20", "21", "22", "23", "24"]);
    }

    [Theory, MemberData(nameof(Servers))]
    public async Task Who_waits_for_records_is_woken_by_them(string server)
    {
        await using var bed = await KinesisBed.StartAsync(server);
        await using var log = bed.Open();
        var partition = new TopicPartition("events", 0);
        await log.CreateTopicAsync(new TopicSpec("events", 1, s_noConfigs), default);
        var waiting = log.WaitForRecordsAsync(partition, 0, default).AsTask();
        await AppendAsync(log, partition, 0, 1, "");
        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
        (await ReadAsync(log, partition, 0)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_kinesis_does_not_have_is_said_by_name()
    {
        await using var bed = await KinesisBed.StartAsync("sluice");
        await using var log = bed.Open();
        var configs = new Dictionary<string, string> { ["segment.bytes"] = "1" };
        (await Should.ThrowAsync<NotSupportedException>(async () => await log.CreateTopicAsync(new TopicSpec("a", 1, configs), default)))
            .Message.ShouldContain("segment.bytes");
        var week = new Dictionary<string, string> { ["retention.ms"] = "604800000" };
        (await log.CreateTopicAsync(new TopicSpec("a", 1, week), default)).Configs["retention.ms"].ShouldBe("604800000");
        var valueless = new RecordBatchBuilder();
        valueless.Append(0, RecordBytes.Null, RecordBytes.Null);
        (await Should.ThrowAsync<NotSupportedException>(async () => await log.AppendAsync(new("a", 0), valueless.Build(), default)))
            .Message.ShouldContain("never null");
    }

    private static ReadOnlyMemory<byte> Batch(int first, int count, string prefix)
    {
        var builder = new RecordBatchBuilder();
        for (var n = first; n < first + count; n++)
            builder.Append(0, RecordBytes.Of(Encoding.UTF8.GetBytes($"key of {prefix}{n}")), RecordBytes.Of(Encoding.UTF8.GetBytes($"{prefix}{n}")));
        return builder.Build().ToArray();
    }

    private static async Task<AppendError> AppendAsync(KinesisLog log, TopicPartition partition, int first, int count, string prefix) =>
        (await log.AppendAsync(partition, Batch(first, count, prefix), default)).Error;

    private static async Task<List<(string Key, string Value, long TimestampMs)>> ReadAsync(KinesisLog log, TopicPartition partition, long offset)
    {
        var found = new List<(string, string, long)>();
        var end = (await log.OffsetsAsync(partition, default)).End;
        while (offset < end)
        {
            var read = await log.ReadAsync(partition, offset, 1 << 20, default);
            Collect(read.Bytes.Span, ref offset, found);
        }

        return found;
    }

    private static void Collect(ReadOnlySpan<byte> batches, ref long offset, List<(string, string, long)> found)
    {
        var records = new RecordReader(batches, offset);
        while (records.MoveNext()) found.Add((Encoding.UTF8.GetString(records.Key.Span), Encoding.UTF8.GetString(records.Value.Span), records.TimestampMs));
        offset = records.NextOffset;
    }
}

using Microsoft.Data.Sqlite;
using Sluice.Log;

namespace Sluice.Unit.Log;

public sealed class StreamTests
{
    [Fact]
    public async Task A_split_closes_the_parent_at_its_last_acknowledged_record()
    {
        await using var fixture = await LogFixture.OpenAsync();
        await fixture.Log.CreateStreamAsync(new StreamSpec("s", 1, new StreamAttributes()), default);
        var parent = new TopicPartition("s", 0);
        await fixture.AppendAsync("a", to: parent);
        var waiter = fixture.Log.WaitForRecordsAsync(parent, 1, default).AsTask();
        var appends = Enumerable.Range(0, 200).Select(i => fixture.Log.AppendAsync(parent, LogFixture.Batch(1, $"{i}"), default).AsTask()).ToArray();
        (await fixture.Log.SplitShardAsync("s", 0, 1000, a => a, default)).ShouldBe(ReshardOutcome.Done);
        await waiter;
        var results = await Task.WhenAll(appends);
        var stored = results.Count(r => r.Error == AppendError.None);
        results.ShouldAllBe(r => r.Error == AppendError.None || r.Error == AppendError.PartitionClosed);
        (await fixture.Log.OffsetsAsync(parent, default)).End.ShouldBe(1 + stored);
        (await fixture.Log.AppendAsync(parent, LogFixture.Batch(1, "late"), default)).Error.ShouldBe(AppendError.PartitionClosed);
        await fixture.ReopenAsync();
        (await fixture.Log.OffsetsAsync(parent, default)).End.ShouldBe(1 + stored);
        (await fixture.Log.AppendAsync(parent, LogFixture.Batch(1, "later"), default)).Error.ShouldBe(AppendError.PartitionClosed);
        await fixture.Log.WaitForRecordsAsync(parent, 1 + stored, default);
        var partitions = await fixture.Log.PartitionsAsync("s", default);
        partitions.Select(p => (p.Name, Parents: string.Join(',', p.Parents), p.IsClosed)).ShouldBe(
            [("shardId-000000000000", "", true), ("shardId-000000000001", "0", false), ("shardId-000000000002", "0", false)]);
        (await fixture.Log.FindTopicAsync("s", default))!.PartitionCount.ShouldBe(3);
        await fixture.AppendAsync("child", to: new TopicPartition("s", 2));
    }

    [Fact]
    public async Task A_reshard_that_cannot_be_done_says_why_and_changes_nothing()
    {
        await using var fixture = await LogFixture.OpenAsync();
        await fixture.Log.CreateStreamAsync(new StreamSpec("s", 3, new StreamAttributes()), default);
        var log = fixture.Log;
        (await log.SplitShardAsync("none", 0, 5, a => a, default)).ShouldBe(ReshardOutcome.UnknownStream);
        (await log.SplitShardAsync("t", 0, 5, a => a, default)).ShouldBe(ReshardOutcome.UnknownStream, "a topic is no stream");
        (await log.SplitShardAsync("s", 9, 5, a => a, default)).ShouldBe(ReshardOutcome.ShardNotOpen);
        (await log.SplitShardAsync("s", 1, 5, a => a, default)).ShouldBe(ReshardOutcome.HashKeyOutOfRange);
        (await log.MergeShardsAsync("s", 0, 2, a => a, default)).ShouldBe(ReshardOutcome.NotAdjacent);
        (await log.MergeShardsAsync("s", 1, 0, a => a, default)).ShouldBe(ReshardOutcome.Done);
        (await log.MergeShardsAsync("s", 1, 2, a => a, default)).ShouldBe(ReshardOutcome.ShardNotOpen);
        (await log.MergeShardsAsync("s", 3, 2, a => a, default)).ShouldBe(ReshardOutcome.Done);
        log.FindStream("s")!.OpenShards.Single().Range.ShouldBe(HashRange.Whole);
    }

    [Fact]
    public async Task Attributes_are_kept_as_a_whole_and_a_refused_change_changes_nothing()
    {
        await using var fixture = await LogFixture.OpenAsync();
        await fixture.Log.CreateStreamAsync(new StreamSpec("s", 1, new StreamAttributes()), default);
        var changed = await fixture.Log.UpdateStreamAsync(
            "s",
            s => s.Attributes with
            {
                Mode = StreamMode.OnDemand,
                EncryptionKeyId = "alias/x",
                ShardLevelMetrics = ["IncomingBytes"],
                Tags = s.Attributes.Tags.Add("a", "1"),
                Consumers = [new StreamConsumer("c", 5) { Policy = "{}" }],
            },
            default);
        (await fixture.Log.UpdateStreamAsync("s", _ => null, default)).ShouldBeSameAs(changed);
        (await fixture.Log.UpdateStreamAsync("none", s => s.Attributes, default)).ShouldBeNull();
        fixture.Log.SetAccountSetting("x", "y");
        await fixture.ReopenAsync();
        var found = fixture.Log.FindStream("s")!.Attributes;
        (found.Mode, found.EncryptionKeyId, found.ShardLevelMetrics.Single(), found.Tags["a"]).ShouldBe((StreamMode.OnDemand, "alias/x", "IncomingBytes", "1"));
        (found.Consumers.Single().Name, found.Consumers.Single().CreatedMs, found.Consumers.Single().Policy).ShouldBe(("c", 5, "{}"));
        fixture.Log.FindAccountSetting("x").ShouldBe("y");
    }

    [Fact]
    public async Task A_deleted_stream_is_gone_with_the_files_of_all_its_shards()
    {
        await using var fixture = await LogFixture.OpenAsync();
        await fixture.Log.DeleteTopicAsync("t", default);
        await fixture.Log.CreateStreamAsync(new StreamSpec("s", 1, new StreamAttributes()), default);
        await fixture.Log.SplitShardAsync("s", 0, 9, a => a, default);
        Directory.GetDirectories(fixture.Root).Length.ShouldBe(3);
        await fixture.Log.DeleteTopicAsync("s", default);
        Directory.GetDirectories(fixture.Root).ShouldBeEmpty();
        fixture.Log.FindStream("s").ShouldBeNull();
        await fixture.ReopenAsync();
        await fixture.Log.CreateStreamAsync(new StreamSpec("s", 2, new StreamAttributes()), default);
    }

    [Fact]
    public async Task Metadata_of_layout_1_gets_the_tables_of_streams_and_keeps_what_it_has()
    {
        await using var fixture = await LogFixture.OpenAsync();
        await fixture.AppendAsync("kept");
        await fixture.Log.DisposeAsync();
        await using (var database = new SqliteConnection($"Data Source={Path.Combine(fixture.Root, "metadata.db")};Pooling=False"))
        {
            await database.OpenAsync();
            await using var command = database.CreateCommand();
            command.CommandText =
                """
                DROP TABLE group_presence; ALTER TABLE committed_offset DROP COLUMN committed_ms;
                DROP TABLE consumer_group_member; DROP TABLE consumer_group; DROP TABLE transaction_offset; DROP TABLE transaction_group; DROP TABLE transaction_partition; DROP TABLE producer_transaction;
                DROP TABLE shard; DROP TABLE stream; DROP TABLE account_setting; PRAGMA user_version = 1;
                """;
            await command.ExecuteNonQueryAsync();
        }

        fixture.Open();
        (await fixture.ReadAsync()).ShouldBe(["kept"]);
        await fixture.Log.CreateStreamAsync(new StreamSpec("s", 1, new StreamAttributes()), default);
    }
}

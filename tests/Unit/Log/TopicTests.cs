using Sluice.Log;

namespace Sluice.Unit.Log;

public sealed class TopicTests
{
    [Fact]
    public async Task Topics_keep_their_id_configs_and_order_over_a_reopen()
    {
        await using var fixture = await LogFixture.OpenAsync();
        var created = await fixture.CreateAsync("a.b_c-1", 3, ("retention.ms", "5"), ("min.insync.replicas", "1"));
        await fixture.CreateAsync("Z", 1);
        await fixture.ReopenAsync();
        var topics = await fixture.Log.ListTopicsAsync(default);
        topics.Select(t => t.Name).ShouldBe(["Z", "a.b_c-1", "t"]);
        topics[1].Id.ShouldBe(created.Id);
        topics[1].PartitionCount.ShouldBe(3);
        topics[1].Configs.ShouldBe(new Dictionary<string, string> { ["retention.ms"] = "5", ["min.insync.replicas"] = "1" }, ignoreOrder: true);
        (await fixture.Log.FindTopicAsync("nowhere", default)).ShouldBeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("ü")]
    [InlineData("a\n")]
    public async Task A_name_that_breaks_kafkas_rule_is_refused(string name)
    {
        await using var fixture = await LogFixture.OpenAsync();
        await Should.ThrowAsync<InvalidTopicException>(() => fixture.CreateAsync(name, 1));
        await Should.ThrowAsync<InvalidTopicException>(() => fixture.CreateAsync(new string('a', 250), 1));
    }

    [Theory]
    [InlineData("retention.ms", "-2")]
    [InlineData("segment.bytes", "13")]
    [InlineData("segment.bytes", "much")]
    [InlineData("message.timestamp.type", "Never")]
    [InlineData("cleanup.policy", "compact,shrink")]
    [InlineData("min.cleanable.dirty.ratio", "1.1")]
    [InlineData("max.compaction.lag.ms", "0")]
    [InlineData("no.such.config", "1")]
    public async Task A_config_that_is_unknown_or_out_of_range_is_refused_by_name(string name, string value)
    {
        await using var fixture = await LogFixture.OpenAsync();
        var refused = await Should.ThrowAsync<InvalidTopicException>(() => fixture.CreateAsync("u", 1, (name, value)));
        refused.Message.ShouldContain($"{name}={value}");
        (await fixture.Log.FindTopicAsync("u", default)).ShouldBeNull();
    }

    [Fact]
    public async Task A_topic_of_the_same_name_or_without_partitions_is_refused()
    {
        await using var fixture = await LogFixture.OpenAsync();
        await Should.ThrowAsync<TopicExistsException>(() => fixture.CreateAsync("t", 1));
        await Should.ThrowAsync<InvalidTopicException>(() => fixture.CreateAsync("u", 0));
        await Should.ThrowAsync<InvalidTopicException>(() => fixture.CreateAsync("u", 1_000_000));
    }

    [Fact]
    public async Task A_deleted_topic_is_gone_with_its_files_offsets_and_waiters_and_may_be_created_anew()
    {
        await using var fixture = await LogFixture.OpenAsync(partitions: 2);
        var first = await fixture.Log.FindTopicAsync("t", default);
        await fixture.AppendAsync("old");
        await fixture.Log.CommitOffsetsAsync("g", [new CommittedOffset(LogFixture.T0, 1, "m")], default);
        var waiter = fixture.Log.WaitForRecordsAsync(LogFixture.T0, 1, default).AsTask();
        (await fixture.Log.DeleteTopicAsync("t", default)).ShouldBeTrue();
        await Should.ThrowAsync<UnknownTopicPartitionException>(() => waiter);
        (await fixture.Log.DeleteTopicAsync("t", default)).ShouldBeFalse();
        Directory.GetDirectories(fixture.Root).ShouldBeEmpty();
        (await fixture.Log.CommittedOffsetsAsync("g", default)).ShouldBeEmpty();
        (await fixture.Log.AppendAsync(LogFixture.T0, LogFixture.Batch(1, "x"), default)).Error.ShouldBe(AppendError.UnknownTopicOrPartition);
        (await fixture.CreateAsync("t", 1)).Id.ShouldNotBe(first!.Id);
        (await fixture.AppendAsync("new")).ShouldBe(0);
        await fixture.ReopenAsync();
        (await fixture.ReadAsync()).ShouldBe(["new"]);
    }

    [Fact]
    public async Task A_topic_is_not_created_over_files_that_belong_to_none()
    {
        await using var fixture = await LogFixture.OpenAsync();
        Directory.CreateDirectory(Path.Combine(fixture.Root, "u-1"));
        await File.WriteAllTextAsync(Path.Combine(fixture.Root, "u-1", "precious"), "data");
        (await Should.ThrowAsync<IOException>(() => fixture.CreateAsync("u", 2))).Message.ShouldContain("u-1");
        File.Exists(Path.Combine(fixture.Root, "u-1", "precious")).ShouldBeTrue();
    }

    [Fact]
    public async Task Committed_offsets_are_kept_per_group_and_replaced_in_one_transaction()
    {
        await using var fixture = await LogFixture.OpenAsync(partitions: 2);
        var t1 = new TopicPartition("t", 1);
        await fixture.Log.CommitOffsetsAsync("g", [new(LogFixture.T0, 1, "a"), new(t1, 2, "")], default);
        await fixture.Log.CommitOffsetsAsync("h", [new(t1, 9, "")], default);
        await fixture.Log.CommitOffsetsAsync("g", [new(t1, 5, "b")], default);
        await Should.ThrowAsync<UnknownTopicPartitionException>(
            async () => await fixture.Log.CommitOffsetsAsync("g", [new(t1, 7, ""), new(new("t", 2), 1, "")], default));
        await fixture.ReopenAsync();
        (await fixture.Log.CommittedOffsetsAsync("g", default)).ShouldBe([new(LogFixture.T0, 1, "a"), new(t1, 5, "b")]);
        (await fixture.Log.CommittedOffsetsAsync("h", default)).ShouldBe([new(t1, 9, "")]);
        (await fixture.Log.CommittedOffsetsAsync("never seen", default)).ShouldBeEmpty();
    }
}

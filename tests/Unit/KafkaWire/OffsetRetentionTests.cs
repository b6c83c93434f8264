using Sluice.KafkaWire;
using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Groups;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.Unit.KafkaWire;

public sealed class OffsetRetentionTests
{
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_day = TimeSpan.FromDays(1);
    private static readonly KafkaOptions s_hour = new() { OffsetsRetention = TimeSpan.FromHours(1) };

    [Fact]
    public async Task A_group_without_members_keeps_its_offsets_for_seven_days_and_is_gone_then()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var member = await JoinAsync(bed);
        await CommitAsync(bed, 7, member);
        bed.Time.Advance(TimeSpan.FromSeconds(5));
        bed.Broker.Groups.Leave("g", member, null).ShouldBe(KafkaError.None);
        bed.Time.Advance((7 * s_day) - s_tick);
        (await CheckedAsync(bed)).ShouldBe([7]);
        bed.Broker.Groups.Look("g", _ => true).ShouldBeTrue();
        bed.Time.Advance(s_tick);
        (await CheckedAsync(bed)).ShouldBeEmpty();
        bed.Log.ListGroups().ShouldBeEmpty();
        bed.Broker.Groups.Look("g", _ => true).ShouldBeFalse("nothing is left to be listed");
    }

    [Fact]
    public async Task Offsets_of_a_group_with_members_stay_and_the_time_begins_when_the_last_is_out()
    {
        await using var bed = await new ApiBed(s_hour).AddAsync("t");
        var member = await JoinAsync(bed);
        await CommitAsync(bed, 7, member);
        for (var i = 0; i < 12; i++)
        {
            bed.Time.Advance(TimeSpan.FromMinutes(15));
            bed.Broker.Groups.Heartbeat("g", member, null, 1).ShouldBe(KafkaError.None);
            (await CheckedAsync(bed)).ShouldBe([7]);
        }

        // Its session of half an hour ends while nobody looks.
        bed.Time.Advance(TimeSpan.FromMinutes(30));
        bed.Time.Advance(TimeSpan.FromHours(1) - s_tick);
        (await CheckedAsync(bed)).ShouldBe([7]);
        bed.Time.Advance(s_tick);
        (await CheckedAsync(bed)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_group_that_is_joined_again_in_time_keeps_its_offsets()
    {
        await using var bed = await new ApiBed(s_hour).AddAsync("t");
        var member = await JoinAsync(bed);
        await CommitAsync(bed, 7, member);
        bed.Broker.Groups.Leave("g", member, null);
        bed.Time.Advance(TimeSpan.FromMinutes(59));
        (await CheckedAsync(bed)).ShouldBe([7]);
        member = await JoinAsync(bed);
        bed.Time.Advance(TimeSpan.FromMinutes(1));
        (await CheckedAsync(bed)).ShouldBe([7]);
        // It came and went between two looks.
        bed.Broker.Groups.Leave("g", member, null);
        bed.Time.Advance(TimeSpan.FromMinutes(59));
        (await CheckedAsync(bed)).ShouldBe([7]);
    }

    [Fact]
    public async Task An_offset_of_a_standalone_consumer_expires_by_its_own_commit()
    {
        await using var bed = await ApiBed.WithTopicAsync(partitions: 2);
        await CommitAsync(bed, 7);
        bed.Time.Advance(s_day);
        await CommitAsync(bed, 8, partition: 1);
        bed.Time.Advance(6 * s_day);
        (await CheckedAsync(bed)).ShouldBe([8]);
        bed.Time.Advance(s_day);
        (await CheckedAsync(bed)).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_the_pipeline_commits_never_expires_even_where_a_client_has_reset_it()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        await bed.Log.CommitOffsetsAsync("g", [new CommittedOffset(new TopicPartition("t", 0), 7, "")], default);
        bed.Time.Advance(400 * s_day);
        (await CheckedAsync(bed)).ShouldBe([7]);
        await CommitAsync(bed, 3);
        bed.Time.Advance(400 * s_day);
        (await CheckedAsync(bed)).ShouldBe([3]);
    }

    [Fact]
    public async Task A_group_that_had_members_when_the_broker_ended_counts_as_empty_from_the_next_start_and_no_later_one()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        await CommitAsync(bed, 7, await JoinAsync(bed));
        bed.Time.Advance(30 * s_day);
        for (var day = 0; day < 7; day++)
        {
            await RestartAsync(bed);
            (await CheckedAsync(bed)).ShouldBe([7], $"day {day}");
            bed.Time.Advance(s_day);
        }

        await RestartAsync(bed);
        (await CheckedAsync(bed)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_restart_does_not_forget_when_a_group_lost_its_members()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var member = await JoinAsync(bed);
        await CommitAsync(bed, 7, member);
        bed.Broker.Groups.Leave("g", member, null);
        await CheckedAsync(bed);
        bed.Time.Advance((7 * s_day) - s_tick);
        await RestartAsync(bed);
        (await CheckedAsync(bed)).ShouldBe([7]);
        bed.Time.Advance(s_tick);
        (await CheckedAsync(bed)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_offset_of_a_transaction_is_as_old_as_its_end()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        await CommitAsync(bed, 3);
        bed.Time.Advance(7 * s_day);
        var grant = await bed.Broker.Transactions.InitAsync("id", 60_000, null);
        var transaction = bed.Broker.Transactions.Find("id")!;
        (await transaction.AddGroupAsync(grant.ProducerId, grant.Epoch, "g")).ShouldBe(KafkaError.None);
        var offset = new CommittedOffset(new TopicPartition("t", 0), 7, "");
        (await transaction.AddOffsetsAsync(grant.ProducerId, grant.Epoch, "g", [offset])).ShouldBe(KafkaError.None);
        (await CheckedAsync(bed)).ShouldBe([3], "the transaction is about to replace it");
        bed.Time.Advance(TimeSpan.FromSeconds(30));
        await bed.AskAsync(EndTxn.Api, 3, w =>
        {
            w.WriteString("id");
            w.WriteInt64(grant.ProducerId);
            w.WriteInt16(grant.Epoch);
            w.WriteBool(true);
            w.WriteTags();
        });
        bed.Time.Advance((7 * s_day) - s_tick);
        (await CheckedAsync(bed)).ShouldBe([7]);
        bed.Time.Advance(s_tick);
        (await CheckedAsync(bed)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_group_of_the_consumer_protocol_expires_after_its_last_member_too()
    {
        await using var bed = await ConsumerBed.StartAsync();
        (await bed.JoinAsync("m")).Error.ShouldBe(KafkaError.None);
        await bed.Api.Log.CommitOffsetsAsync("g", [new CommittedOffset(new TopicPartition("t", 0), 7, "") { CommittedMs = 0 }], default);
        (await CheckedAsync(bed.Api)).ShouldBe([7]);
        // The member is stored, and has a whole session to be heard of.
        await RestartAsync(bed.Api);
        bed.Api.Time.Advance(TimeSpan.FromSeconds(40));
        (await CheckedAsync(bed.Api)).ShouldBe([7]);
        (await bed.SendAsync(new Beat("m", -1))).Error.ShouldBe(KafkaError.None);
        bed.Api.Time.Advance((7 * s_day) - s_tick);
        (await CheckedAsync(bed.Api)).ShouldBe([7]);
        bed.Api.Time.Advance(s_tick);
        (await CheckedAsync(bed.Api)).ShouldBeEmpty();
        bed.Api.Broker.Groups.LookAtConsumers("g", _ => true).ShouldBeFalse();
        bed.Api.Log.StoredConsumerGroups().ShouldBeEmpty();
    }

    [Fact]
    public async Task The_broker_says_how_long_offsets_are_kept()
    {
        await using var bed = new ApiBed();
        var configs = DescribeConfigs.BrokerConfigs(bed.Broker).ToDictionary(c => c.Name, c => c.Value);
        (configs["offsets.retention.minutes"], configs["offsets.retention.check.interval.ms"]).ShouldBe(("10080", "600000"));
    }

    private static OffsetRetention RetentionOf(KafkaServices broker) => new(broker.Log, broker.Groups, broker.Options, broker.Time, broker.Logger);

    private static async Task RestartAsync(ApiBed bed)
    {
        bed.Broker.Groups.End();
        await bed.ReopenAsync();
        await RetentionOf(bed.Broker).BeginAsync();
    }

    /// <summary>The offsets of the group that are left after a check, by partition.</summary>
    private static async Task<long[]> CheckedAsync(ApiBed bed)
    {
        await RetentionOf(bed.Broker).CheckAsync();
        return [.. (await bed.Log.CommittedOffsetsAsync("g", default)).Select(c => c.Offset)];
    }

    private static async Task<string> JoinAsync(ApiBed bed)
    {
        var reader = (await bed.AskAsync(JoinGroup.Api, 3, w =>
        {
            w.WriteString("g");
            w.WriteInt32(30 * 60_000);
            w.WriteInt32(60_000);
            w.WriteString("");
            w.WriteString("consumer");
            w.WriteArrayLength(1);
            w.WriteString("range");
            w.WriteBytes([7]);
        })).Reader();
        reader.ReadInt32();
        ((KafkaError)reader.ReadInt16()).ShouldBe(KafkaError.None);
        var generation = reader.ReadInt32();
        reader.ReadString();
        reader.ReadString();
        var member = reader.ReadString();
        var assignments = new Dictionary<string, byte[]> { [member] = [1] };
        (await bed.Broker.Groups.SyncAsync("g", new SyncRequest(member, null, generation, "consumer", "range", assignments))).Assignment.ShouldBe([1]);
        return member;
    }

    private static async Task CommitAsync(ApiBed bed, long offset, string? member = null, int partition = 0)
    {
        var reader = (await bed.AskAsync(OffsetCommit.Api, 7, w =>
        {
            w.WriteString("g");
            w.WriteInt32(member is null ? -1 : 1);
            w.WriteString(member ?? "");
            w.WriteNullableString(null);
            w.WriteArrayLength(1);
            w.WriteString("t");
            w.WriteArrayLength(1);
            w.WriteInt32(partition);
            w.WriteInt64(offset);
            w.WriteInt32(-1);
            w.WriteNullableString(null);
        })).Reader();
        (reader.ReadInt32(), reader.ReadArrayLength(), reader.ReadString(), reader.ReadArrayLength()).ShouldBe((0, 1, "t", 1));
        (reader.ReadInt32(), (KafkaError)reader.ReadInt16()).ShouldBe((partition, KafkaError.None));
    }
}

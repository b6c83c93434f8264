using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Groups;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.Unit.KafkaWire;

/// <summary>What the other APIs say of groups of the consumer protocol, and what becomes of groups when the protocols meet.</summary>
public sealed class ConsumerGroupApiTests
{
    [Fact]
    public async Task Offsets_are_committed_and_fetched_in_the_members_own_epoch()
    {
        await using var bed = await ConsumerBed.StartAsync();
        await bed.JoinAsync("a");
        (await CommitAsync(bed, "a", 1)).ShouldBe(KafkaError.None);
        (await CommitAsync(bed, "a", 0)).ShouldBe(KafkaError.StaleMemberEpoch);
        (await CommitAsync(bed, "a", 2)).ShouldBe(KafkaError.StaleMemberEpoch);
        (await CommitAsync(bed, "x", 1)).ShouldBe(KafkaError.UnknownMemberId);
        (await CommitAsync(bed, "", -1)).ShouldBe(KafkaError.UnknownMemberId, "the group has members");
        (await CommitAsync(bed, "a", 1, version: 8)).ShouldBe(KafkaError.UnsupportedVersion);
        (await FetchAsync(bed, "a", 1)).ShouldBe((KafkaError.None, 7));
        (await FetchAsync(bed, null, -1)).ShouldBe((KafkaError.None, 7));
        (await FetchAsync(bed, "a", 2)).Error.ShouldBe(KafkaError.StaleMemberEpoch);
        (await FetchAsync(bed, "x", 1)).Error.ShouldBe(KafkaError.UnknownMemberId);
        await bed.SendAsync(new Beat("a", -1));
        (await CommitAsync(bed, "", -1)).ShouldBe(KafkaError.None, "nobody is in it");
    }

    [Fact]
    public async Task Members_of_the_two_protocols_do_not_mix_and_an_empty_group_becomes_one_of_who_joins()
    {
        await using var bed = await ConsumerBed.StartAsync();
        await bed.JoinAsync("a");
        (await JoinClassicAsync(bed)).Error.ShouldBe(KafkaError.InconsistentGroupProtocol);
        await bed.SendAsync(new Beat("a", -1));
        var classic = await JoinClassicAsync(bed);
        classic.Error.ShouldBe(KafkaError.None);
        bed.Api.Broker.Groups.LookAtConsumers("g", _ => true).ShouldBeFalse();
        var refused = await bed.JoinAsync("b");
        refused.Error.ShouldBe(KafkaError.GroupIdNotFound);
        refused.Message.ShouldNotBeNull().ShouldContain("classic");
        bed.Api.Broker.Groups.Leave("g", classic.MemberId, null);
        var joined = await bed.JoinAsync("b");
        (joined.Error, joined.Assignment).ShouldBe((KafkaError.None, "t-0"));
        await bed.Api.ReopenAsync();
        (await bed.BeatAsync("b", 1, "t-0")).Error.ShouldBe(KafkaError.None);
    }

    [Fact]
    public async Task The_group_is_listed_with_its_type_and_described_by_its_own_api_only()
    {
        await using var bed = await ConsumerBed.StartAsync(partitions: 2);
        await bed.JoinAsync("a");
        await bed.JoinAsync("b");
        (await ListAsync(bed, "consumer")).ShouldBe([("g", "consumer", "Reconciling", "consumer")]);
        (await ListAsync(bed, "classic")).ShouldBeEmpty();
        var described = (await bed.Api.AskAsync(ConsumerGroupDescribe.Api, 1, body =>
        {
            body.WriteArrayLength(2);
            body.WriteString("g");
            body.WriteString("none");
            body.WriteBool(false);
            body.WriteTags();
        })).Reader();
        described.ReadInt32();
        described.ReadArrayLength().ShouldBe(2);
        ReadGroup(ref described).ShouldBe("g None Reconciling 2/2 uniform | a@1 [t] has t:0,1 wants t:0 | b@2 [t] has  wants t:1");
        ReadGroup(ref described).ShouldBe("none GroupIdNotFound  0/0 ");
        described.SkipTags();
        described.Remaining.ShouldBe(0);

        var front = BrokerViewsOf(bed).Single();
        (front.Type, front.State, front.Members.Single(m => m.Id == "a").Assignment.Count).ShouldBe(("consumer", "Reconciling", 2));
    }

    [Fact]
    public async Task A_group_with_members_is_not_deleted_and_one_without_is_gone_for_good()
    {
        await using var bed = await ConsumerBed.StartAsync();
        await bed.JoinAsync("a");
        (await DeleteAsync(bed)).ShouldBe(KafkaError.NonEmptyGroup);
        await bed.SendAsync(new Beat("a", -1));
        (await DeleteAsync(bed)).ShouldBe(KafkaError.None);
        (await DeleteAsync(bed)).ShouldBe(KafkaError.GroupIdNotFound);
        bed.Api.Log.StoredConsumerGroups().ShouldBeEmpty();
    }

    [Fact]
    public async Task Offsets_of_topics_that_are_subscribed_to_are_not_deleted()
    {
        await using var bed = await ConsumerBed.StartAsync();
        await bed.Api.AddAsync("u");
        await bed.JoinAsync("a");
        await bed.Api.Log.CommitOffsetsAsync("g", [new CommittedOffset(new TopicPartition("t", 0), 1, ""), new CommittedOffset(new TopicPartition("u", 0), 1, "")], default);
        var answer = (await bed.Api.AskAsync(OffsetDelete.Api, 0, body =>
        {
            body.WriteString("g");
            body.WriteArrayLength(2);
            foreach (var topic in new[] { "t", "u" })
            {
                body.WriteString(topic);
                body.WriteInt32Array([0]);
            }
        })).Reader();
        ((KafkaError)answer.ReadInt16()).ShouldBe(KafkaError.None);
        (await bed.Api.Log.CommittedOffsetsAsync("g", default)).Select(c => c.Partition.Topic).ShouldBe(["t"]);
    }

    private static async Task<KafkaError> CommitAsync(ConsumerBed bed, string member, int epoch, short version = 9)
    {
        var reader = (await bed.Api.AskAsync(OffsetCommit.Api, version, body =>
        {
            body.WriteString("g");
            body.WriteInt32(epoch);
            body.WriteString(member);
            body.WriteNullableString(null);
            body.WriteArrayLength(1);
            body.WriteString("t");
            body.WriteArrayLength(1);
            body.WriteInt32(0);
            body.WriteInt64(7);
            body.WriteInt32(-1);
            body.WriteNullableString(null);
            body.WriteTags();
            body.WriteTags();
            body.WriteTags();
        })).Reader();
        reader.ReadInt32();
        reader.ReadArrayLength().ShouldBe(1);
        reader.ReadString().ShouldBe("t");
        reader.ReadArrayLength().ShouldBe(1);
        reader.ReadInt32().ShouldBe(0);
        return (KafkaError)reader.ReadInt16();
    }

    private static async Task<(KafkaError Error, long Offset)> FetchAsync(ConsumerBed bed, string? member, int epoch)
    {
        var reader = (await bed.Api.AskAsync(OffsetFetch.Api, 9, body =>
        {
            body.WriteArrayLength(1);
            body.WriteString("g");
            body.WriteNullableString(member);
            body.WriteInt32(epoch);
            body.WriteArrayLength(1);
            body.WriteString("t");
            body.WriteInt32Array([0]);
            body.WriteTags();
            body.WriteTags();
            body.WriteBool(false);
            body.WriteTags();
        })).Reader();
        reader.ReadInt32();
        reader.ReadArrayLength().ShouldBe(1);
        reader.ReadString().ShouldBe("g");
        var offset = -1L;
        if (reader.ReadArrayLength() > 0)
        {
            reader.ReadString();
            reader.ReadArrayLength().ShouldBe(1);
            reader.ReadInt32();
            offset = reader.ReadInt64();
            reader.ReadInt32();
            reader.ReadNullableString();
            reader.ReadInt16().ShouldBe((short)0);
            reader.SkipTags();
            reader.SkipTags();
        }

        return ((KafkaError)reader.ReadInt16(), offset);
    }

    private static Task<JoinResult> JoinClassicAsync(ConsumerBed bed) => bed.Api.Broker.Groups.JoinAsync(
        "g",
        new JoinRequest(
            "", null, "c", "/h", TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10), "consumer", [new GroupProtocol("range", new byte[] { 1 })],
            WantsIdFirst: false, CanSkipAssignment: false));

    private static IReadOnlyList<GroupDescription> BrokerViewsOf(ConsumerBed bed) => Sluice.KafkaWire.BrokerViews.FrontOf(bed.Api.Broker).Groups();

    private static async Task<KafkaError> DeleteAsync(ConsumerBed bed)
    {
        var reader = (await bed.Api.AskAsync(DeleteGroups.Api, 2, body =>
        {
            body.WriteArrayLength(1);
            body.WriteString("g");
            body.WriteTags();
        })).Reader();
        reader.ReadInt32();
        reader.ReadArrayLength().ShouldBe(1);
        reader.ReadString().ShouldBe("g");
        return (KafkaError)reader.ReadInt16();
    }

    private static async Task<List<(string Id, string ProtocolType, string State, string Type)>> ListAsync(ConsumerBed bed, string type)
    {
        var reader = (await bed.Api.AskAsync(ListGroups.Api, 5, body =>
        {
            body.WriteArrayLength(0);
            body.WriteArrayLength(1);
            body.WriteString(type);
            body.WriteTags();
        })).Reader();
        reader.ReadInt32();
        reader.ReadInt16().ShouldBe((short)0);
        var listed = new List<(string, string, string, string)>();
        for (var count = reader.ReadArrayLength(); count > 0; count--)
        {
            listed.Add((reader.ReadString(), reader.ReadString(), reader.ReadString(), reader.ReadString()));
            reader.SkipTags();
        }

        return listed;
    }

    private static string ReadGroup(ref KafkaReader reader)
    {
        var error = (KafkaError)reader.ReadInt16();
        reader.ReadNullableString();
        var text = $"{reader.ReadString()} {error} {reader.ReadString()} {reader.ReadInt32()}/{reader.ReadInt32()} {reader.ReadString()}";
        for (var count = reader.ReadArrayLength(); count > 0; count--)
        {
            text += $" | {reader.ReadString()}";
            reader.ReadNullableString().ShouldBeNull("the instance");
            reader.ReadNullableString().ShouldBeNull("the rack");
            text += $"@{reader.ReadInt32()}";
            (reader.ReadString(), reader.ReadString()).ShouldBe(("tests", "/127.0.0.1"));
            text += $" [{string.Join(' ', reader.ReadStringArray())}]";
            reader.ReadNullableString().ShouldBeNull("the regular expression");
            text += $" has {ReadAssignment(ref reader)} wants {ReadAssignment(ref reader)}";
            reader.ReadInt8().ShouldBe((sbyte)1, "a member of the consumer protocol");
            reader.SkipTags();
        }

        reader.ReadInt32();
        reader.SkipTags();
        return text;
    }

    private static string ReadAssignment(ref KafkaReader reader)
    {
        var topics = new List<string>();
        for (var count = reader.ReadArrayLength(); count > 0; count--)
        {
            reader.ReadUuid().ShouldNotBe(Guid.Empty);
            topics.Add($"{reader.ReadString()}:{string.Join(',', reader.ReadInt32Array())}");
            reader.SkipTags();
        }

        reader.SkipTags();
        return string.Join(' ', topics);
    }
}

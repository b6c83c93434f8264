using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Wire;

namespace Sluice.Unit.KafkaWire;

/// <summary>What a cluster of one broker, without an authorizer, says about leaders, replicas and rights.</summary>
public sealed class ClusterApiTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task No_partition_needs_another_leader(short version)
    {
        await using var bed = await ApiBed.WithTopicAsync("t", 2);
        var answer = await bed.AskAsync(ElectLeaders.Api, version, w =>
        {
            if (version >= 1) w.WriteInt8(0);
            w.WriteArrayLength(1);
            w.WriteString("t");
            w.WriteInt32Array([1, 2]);
            w.WriteTags();
            w.WriteInt32(1000);
            w.WriteTags();
        });
        var reader = answer.Reader();
        reader.ReadInt32();
        if (version >= 1) reader.ReadInt16().ShouldBe((short)0);
        reader.ReadArrayLength().ShouldBe(1);
        reader.ReadString().ShouldBe("t");
        reader.ReadArrayLength().ShouldBe(2);
        foreach (var expected in (int[])[(int)KafkaError.ElectionNotNeeded, (int)KafkaError.UnknownTopicOrPartition])
        {
            reader.ReadInt32();
            reader.ReadInt16().ShouldBe((short)expected);
            reader.ReadNullableString();
            reader.SkipTags();
        }
    }

    [Fact]
    public async Task A_partition_can_be_put_where_it_is_and_nowhere_else()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        (await ReassignAsync(bed, [1])).ShouldBe(KafkaError.None);
        (await ReassignAsync(bed, [2])).ShouldBe(KafkaError.InvalidReplicaAssignment);
        (await ReassignAsync(bed, [1, 2])).ShouldBe(KafkaError.InvalidReplicaAssignment);
        (await ReassignAsync(bed, null)).ShouldBe(KafkaError.NoReassignmentInProgress);
        var listed = (await bed.AskAsync(ListPartitionReassignments.Api, 0, w =>
        {
            w.WriteInt32(1000);
            w.WriteNullArray();
            w.WriteTags();
        })).Reader();
        listed.ReadInt32();
        listed.ReadInt16().ShouldBe((short)0);
        listed.ReadNullableString();
        listed.ReadArrayLength().ShouldBe(0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Rights_are_not_kept(short version)
    {
        await using var bed = new ApiBed();
        var described = (await bed.AskAsync(DescribeAcls.Api, version, _ => { })).Reader();
        described.ReadInt32();
        described.ReadInt16().ShouldBe((short)KafkaError.SecurityDisabled);
        foreach (var api in (KafkaApi[])[CreateAcls.Api, DeleteAcls.Api])
        {
            var answer = (await bed.AskAsync(api, version, w =>
            {
                w.WriteArrayLength(2);
                w.WriteRaw(new byte[40]);
            })).Reader();
            answer.ReadInt32();
            answer.ReadArrayLength().ShouldBe(2);
            answer.ReadInt16().ShouldBe((short)KafkaError.SecurityDisabled);
        }
    }

    [Fact]
    public async Task Partitions_are_told_page_by_page_with_a_cursor_between()
    {
        await using var bed = await ApiBed.WithTopicAsync("a", 3);
        await bed.AddAsync("b", 2);
        (await PageAsync(bed, [], 2, null)).ShouldBe(("a:0,1", ("a", 2)));
        (await PageAsync(bed, [], 2, ("a", 2))).ShouldBe(("a:2 b:0", ("b", 1)));
        (await PageAsync(bed, [], 2, ("b", 1))).ShouldBe(("b:1", null));
        (await PageAsync(bed, ["b", "nowhere"], 100, null)).ShouldBe(("b:0,1 nowhere!UnknownTopicOrPartition:", null));
    }

    private static async Task<KafkaError> ReassignAsync(ApiBed bed, int[]? replicas)
    {
        var reader = (await bed.AskAsync(AlterPartitionReassignments.Api, 0, w =>
        {
            w.WriteInt32(1000);
            w.WriteArrayLength(1);
            w.WriteString("t");
            w.WriteArrayLength(1);
            w.WriteInt32(0);
            if (replicas is null) w.WriteNullArray();
            else w.WriteInt32Array(replicas);
            w.WriteTags();
            w.WriteTags();
            w.WriteTags();
        })).Reader();
        reader.ReadInt32();
        reader.ReadInt16();
        reader.ReadNullableString();
        reader.ReadArrayLength();
        reader.ReadString();
        reader.ReadArrayLength();
        reader.ReadInt32();
        return (KafkaError)reader.ReadInt16();
    }

    private static async Task<(string Told, (string, int)? Next)> PageAsync(ApiBed bed, string[] topics, int limit, (string Topic, int Partition)? cursor)
    {
        var reader = (await bed.AskAsync(DescribeTopicPartitions.Api, 0, w =>
        {
            w.WriteArrayLength(topics.Length);
            foreach (var topic in topics)
            {
                w.WriteString(topic);
                w.WriteTags();
            }

            w.WriteInt32(limit);
            w.WriteInt8((sbyte)(cursor is null ? -1 : 1));
            if (cursor is { } from)
            {
                w.WriteString(from.Topic);
                w.WriteInt32(from.Partition);
                w.WriteTags();
            }

            w.WriteTags();
        })).Reader();
        reader.ReadInt32();
        var told = new List<string>();
        for (var count = reader.ReadArrayLength(); count > 0; count--)
        {
            var error = (KafkaError)reader.ReadInt16();
            var name = reader.ReadString();
            reader.ReadUuid();
            reader.ReadBool();
            var partitions = new List<int>();
            for (var partition = reader.ReadArrayLength(); partition > 0; partition--)
            {
                reader.ReadInt16();
                partitions.Add(reader.ReadInt32());
                reader.ReadInt32();
                reader.ReadInt32();
                for (var array = 0; array < 5; array++) reader.ReadInt32Array();
                reader.SkipTags();
            }

            reader.ReadInt32();
            reader.SkipTags();
            told.Add($"{name}{(error == KafkaError.None ? "" : "!" + error)}:{string.Join(',', partitions)}");
        }

        return (string.Join(' ', told), reader.ReadInt8() < 0 ? null : (reader.ReadString(), reader.ReadInt32()));
    }
}

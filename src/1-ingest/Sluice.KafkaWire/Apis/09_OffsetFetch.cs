using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// OffsetFetch, key 9, versions 1-9 (flexible from 6). https://kafka.apache.org/protocol#The_Messages_OffsetFetch
//
// Behaviour: the offsets of the partitions asked for, -1 where none was committed; from version 2 all of a group when no topics are
// named; from version 8 of several groups at once. With require_stable (from 7) a partition whose offset an open transaction is about to
// change is answered UNSTABLE_OFFSET_COMMIT, so that a consumer waits for the end of that transaction (KIP-447). From version 9 a member of
// the consumer protocol names its epoch: another one is STALE_MEMBER_EPOCH, for the group as a whole.
//
// Known differences: none.
internal static class OffsetFetch
{
    public static readonly KafkaApi Api = new(9, "OffsetFetch", 1, 9, 6, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var (groups, isStableRequired) = Read(call);
        var response = call.Response;
        if (call.Version >= 3) response.WriteThrottleTime();
        if (call.Version >= 8) response.WriteArrayLength(groups.Length);
        foreach (var group in groups)
        {
            if (call.Version >= 8) response.WriteString(group.Id);
            var error = call.Broker.Groups.MayFetch(group.Id, group.MemberId, group.MemberEpoch);
            if (error == KafkaError.None) await WriteTopicsAsync(call, group, isStableRequired);
            else response.WriteArrayLength(0);
            if (call.Version >= 2) response.WriteError(error);
            if (call.Version >= 8) response.WriteTags();
        }

        response.WriteTags();
    }

    private static (AskedGroup[] Groups, bool IsStableRequired) Read(KafkaCall call)
    {
        var reader = call.Reader();
        var groups = new AskedGroup[call.Version < 8 ? 1 : reader.ReadArrayLength()];
        for (var g = 0; g < groups.Length; g++)
        {
            groups[g] = ReadGroup(ref reader, call.Version);
            if (call.Version >= 8) reader.SkipTags();
        }

        return (groups, call.Version >= 7 && reader.ReadBool());
    }

    private static AskedGroup ReadGroup(ref KafkaReader reader, short version)
    {
        var id = reader.ReadString();
        var (memberId, memberEpoch) = version >= 9 ? (reader.ReadNullableString(), reader.ReadInt32()) : (null, -1);
        var count = reader.ReadNullableArrayLength();
        var topics = count < 0 ? null : new (string, int[])[count];
        for (var t = 0; t < count; t++)
        {
            topics![t] = (reader.ReadString(), reader.ReadInt32Array());
            reader.SkipTags();
        }

        return new AskedGroup(id, memberId, memberEpoch, topics);
    }

    private static async ValueTask WriteTopicsAsync(KafkaCall call, AskedGroup group, bool isStableRequired)
    {
        // Looked at first: a transaction that is committed in between is seen by one of the two.
        var pending = isStableRequired ? call.Broker.Transactions.PendingOffsets(group.Id) : null;
        var committed = (await call.Broker.Log.CommittedOffsetsAsync(group.Id, call.Cancel)).ToDictionary(c => c.Partition);
        var topics = group.Topics
            ?? [.. committed.Keys.GroupBy(p => p.Topic, StringComparer.Ordinal).Select(t => (t.Key, t.Select(p => p.Partition).ToArray()))];
        call.Response.WriteArrayLength(topics.Length);
        foreach (var (topic, partitions) in topics)
        {
            call.Response.WriteString(topic);
            call.Response.WriteArrayLength(partitions.Length);
            foreach (var partition in partitions)
            {
                var name = new TopicPartition(topic, partition);
                var isUnstable = pending?.Contains(name) == true;
                Write(call, partition, isUnstable ? null : committed.GetValueOrDefault(name), isUnstable);
            }

            call.Response.WriteTags();
        }
    }

    private static void Write(KafkaCall call, int partition, CommittedOffset? committed, bool isUnstable)
    {
        call.Response.WriteInt32(partition);
        call.Response.WriteInt64(committed?.Offset ?? -1);
        if (call.Version >= 5) call.Response.WriteInt32(-1);
        call.Response.WriteNullableString(committed?.Metadata ?? "");
        call.Response.WriteError(isUnstable ? KafkaError.UnstableOffsetCommit : KafkaError.None);
        call.Response.WriteTags();
    }

    private sealed record AskedGroup(string Id, string? MemberId, int MemberEpoch, (string Topic, int[] Partitions)[]? Topics);
}

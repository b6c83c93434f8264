using Sluice.KafkaWire.Groups;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// OffsetCommit, key 8, versions 2-9 (flexible from 8). https://kafka.apache.org/protocol#The_Messages_OffsetCommit
//
// Behaviour: all offsets of a request are stored in one transaction, which is on disk before the answer. A member has to be of the
// current generation, one of the consumer protocol of its current epoch (STALE_MEMBER_EPOCH; from version 9). A client that uses a group
// for its offsets only (generation -1) may commit while the group has no members. Offsets expire when the group has had no members, and they
// were not committed, for offsets.retention.minutes.
//
// Known differences: retention_time_ms of versions 2-4 is not looked at. While a group has members none of its offsets expire; Kafka lets
// those of topics expire that no member subscribes to any more (KIP-211). The leader epoch is not kept, since there is only one.
internal static class OffsetCommit
{
    public static readonly KafkaApi Api = new(8, "OffsetCommit", 2, 9, 8, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var request = Read(call);
        var sound = await request.Offsets.CheckAsync(call);
        var outcome = await call.StoredAsync(CommitAsync(call, request, sound));
        if (call.Version >= 3) call.Response.WriteThrottleTime();
        request.Offsets.Write(call.Response, outcome);
    }

    private static async ValueTask<KafkaError> CommitAsync(KafkaCall call, Request request, IReadOnlyList<CommittedOffset> offsets)
    {
        if (request.GroupId.Length == 0) return KafkaError.InvalidGroupId;
        var error = call.Broker.Groups.MayCommit(request.GroupId, request.MemberId, request.InstanceId, request.Generation, knowsEpochs: call.Version >= 9);
        if (error != KafkaError.None || offsets.Count == 0) return error;
        try
        {
            await call.Broker.Log.CommitOffsetsAsync(request.GroupId, offsets, CancellationToken.None);
            return KafkaError.None;
        }
        catch (UnknownTopicPartitionException)
        {
            // A topic was deleted since it was looked for; nothing is stored.
            return KafkaError.UnknownTopicOrPartition;
        }
    }

    private static Request Read(KafkaCall call)
    {
        var reader = call.Reader();
        var groupId = reader.ReadString();
        var generation = reader.ReadInt32();
        var memberId = reader.ReadString();
        var instanceId = call.Version >= 7 ? reader.ReadNullableString() : null;
        if (call.Version <= 4) reader.ReadInt64();
        return new Request(groupId, generation, memberId, instanceId, OffsetsToCommit.Read(ref reader, hasLeaderEpoch: call.Version >= 6));
    }

    private sealed record Request(string GroupId, int Generation, string MemberId, string? InstanceId, OffsetsToCommit Offsets);
}

using Sluice.KafkaWire.Groups;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// TxnOffsetCommit, key 28, versions 0-4 (flexible from 3). https://kafka.apache.org/protocol#The_Messages_TxnOffsetCommit
//
// Behaviour: keeps offsets of a group with a producer's transaction, on disk before the answer; they become the group's when the
// transaction is committed, in the same step that stores its end, and are gone when it is aborted. They expire as if committed at that
// end. A member (from 3, KIP-447) has to be of the current generation; that the group waits for its assignment is no reason to refuse, and
// producers would give up over it.
//
// Known differences: the leader epoch is not kept, since there is only one. Version 5 belongs to transactions v2 (KIP-890), which are not
// advertised.
internal static class TxnOffsetCommit
{
    public static readonly KafkaApi Api = new(28, "TxnOffsetCommit", 0, 4, 3, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var request = Read(call);
        var sound = await request.Offsets.CheckAsync(call);
        var outcome = await call.StoredAsync(KeepAsync(call, request, sound));
        call.Response.WriteThrottleTime();
        request.Offsets.Write(call.Response, outcome);
    }

    private static async ValueTask<KafkaError> KeepAsync(KafkaCall call, Request request, IReadOnlyList<CommittedOffset> offsets)
    {
        if (request.Group.Length == 0) return KafkaError.InvalidGroupId;
        var isMember = request.Generation >= 0 || request.MemberId.Length > 0 || request.InstanceId is not null;
        var error = isMember
            ? call.Broker.Groups.MayCommit(
                request.Group, request.MemberId, request.InstanceId, request.Generation, knowsEpochs: true, isTransactional: true)
            : KafkaError.None;
        // No version of this API knows the newer word for it.
        if (error == KafkaError.StaleMemberEpoch) return KafkaError.IllegalGeneration;
        if (error != KafkaError.None) return error;
        if (call.Broker.Transactions.Find(request.TransactionalId) is not { } transaction) return KafkaError.InvalidProducerIdMapping;
        try
        {
            error = await transaction.AddOffsetsAsync(request.ProducerId, request.Epoch, request.Group, offsets);
        }
        catch (UnknownTopicPartitionException)
        {
            // A topic was deleted since it was looked for.
            return KafkaError.UnknownTopicOrPartition;
        }

        return error == KafkaError.ProducerFenced ? KafkaError.InvalidProducerEpoch : error;
    }

    private static Request Read(KafkaCall call)
    {
        var reader = call.Reader();
        var (transactionalId, group, producerId, epoch) = (reader.ReadString(), reader.ReadString(), reader.ReadInt64(), reader.ReadInt16());
        var (generation, memberId, instanceId) = call.Version >= 3 ? (reader.ReadInt32(), reader.ReadString(), reader.ReadNullableString()) : (-1, "", null);
        var offsets = OffsetsToCommit.Read(ref reader, hasLeaderEpoch: call.Version >= 2);
        return new Request(transactionalId, group, producerId, epoch, generation, memberId, instanceId, offsets);
    }

    private sealed record Request(
        string TransactionalId,
        string Group,
        long ProducerId,
        short Epoch,
        int Generation,
        string MemberId,
        string? InstanceId,
        OffsetsToCommit Offsets);
}

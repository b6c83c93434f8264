using System.Text;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// TxnOffsetCommit, key 28, versions 0-4 (flexible from 3). https://kafka.apache.org/protocol#The_Messages_TxnOffsetCommit
//
// Behaviour: keeps offsets of a group with a producer's transaction, on disk before the answer; they become the group's when the
// transaction is committed, in the same step that stores its end, and are gone when it is aborted. A member (from 3, KIP-447) has to be
// of the current generation.
//
// Known differences: the leader epoch is not kept, since there is only one. Version 5 belongs to transactions v2 (KIP-890), which are not
// advertised.
internal static class TxnOffsetCommit
{
    public static readonly KafkaApi Api = new(28, "TxnOffsetCommit", 0, 4, 3, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var request = Read(call);
        var errors = new List<KafkaError>();
        var offsets = new List<CommittedOffset>();
        foreach (var (topic, partitions) in request.Topics)
        {
            var count = (await call.Broker.Log.FindTopicAsync(topic, call.Cancel))?.PartitionCount ?? 0;
            foreach (var part in partitions)
            {
                errors.Add(Check(call, part, count));
                if (errors[^1] == KafkaError.None) offsets.Add(new CommittedOffset(new TopicPartition(topic, part.Partition), part.Offset, part.Metadata));
            }
        }

        var error = await KeepAsync(call, request, offsets);
        Write(call, request, [.. errors.Select(e => e == KafkaError.None ? error : e)]);
    }

    private static async ValueTask<KafkaError> KeepAsync(KafkaCall call, Request request, List<CommittedOffset> offsets)
    {
        if (request.Group.Length == 0) return KafkaError.InvalidGroupId;
        var isMember = request.Generation >= 0 || request.MemberId.Length > 0 || request.InstanceId is not null;
        var error = isMember
            ? call.Broker.Groups.MayCommit(request.Group, request.MemberId, request.InstanceId, request.Generation)
            : KafkaError.None;
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

        // No version of this API knows the newer word for it.
        return error == KafkaError.ProducerFenced ? KafkaError.InvalidProducerEpoch : error;
    }

    private static KafkaError Check(KafkaCall call, Part part, int partitionCount)
    {
        if ((uint)part.Partition >= (uint)partitionCount) return KafkaError.UnknownTopicOrPartition;
        var isTooLarge = Encoding.UTF8.GetByteCount(part.Metadata) > call.Broker.Limits.OffsetMetadataBytesMax;
        return isTooLarge ? KafkaError.OffsetMetadataTooLarge : KafkaError.None;
    }

    private static Request Read(KafkaCall call)
    {
        var reader = call.Reader();
        var (transactionalId, group, producerId, epoch) = (reader.ReadString(), reader.ReadString(), reader.ReadInt64(), reader.ReadInt16());
        var (generation, memberId, instanceId) = call.Version >= 3 ? (reader.ReadInt32(), reader.ReadString(), reader.ReadNullableString()) : (-1, "", null);
        var topics = new (string, Part[])[reader.ReadArrayLength()];
        for (var t = 0; t < topics.Length; t++)
        {
            var name = reader.ReadString();
            var parts = new Part[reader.ReadArrayLength()];
            for (var p = 0; p < parts.Length; p++)
            {
                var (partition, offset) = (reader.ReadInt32(), reader.ReadInt64());
                if (call.Version >= 2) reader.ReadInt32();
                parts[p] = new Part(partition, offset, reader.ReadNullableString() ?? "");
                reader.SkipTags();
            }

            reader.SkipTags();
            topics[t] = (name, parts);
        }

        return new Request(transactionalId, group, producerId, epoch, generation, memberId, instanceId, topics);
    }

    private static void Write(KafkaCall call, Request request, KafkaError[] errors)
    {
        var response = call.Response;
        var next = 0;
        response.WriteThrottleTime();
        response.WriteArrayLength(request.Topics.Length);
        foreach (var (topic, partitions) in request.Topics)
        {
            response.WriteString(topic);
            response.WriteArrayLength(partitions.Length);
            foreach (var part in partitions)
            {
                response.WriteInt32(part.Partition);
                response.WriteError(errors[next++]);
                response.WriteTags();
            }

            response.WriteTags();
        }

        response.WriteTags();
    }

    private sealed record Request(
        string TransactionalId,
        string Group,
        long ProducerId,
        short Epoch,
        int Generation,
        string MemberId,
        string? InstanceId,
        (string Topic, Part[] Partitions)[] Topics);

    private readonly record struct Part(int Partition, long Offset, string Metadata);
}

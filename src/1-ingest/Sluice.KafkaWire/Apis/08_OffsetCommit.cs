using System.Text;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// OffsetCommit, key 8, versions 2-9 (flexible from 8). https://kafka.apache.org/protocol#The_Messages_OffsetCommit
//
// Behaviour: all offsets of a request are stored in one transaction, which is on disk before the answer. A member has to be of the
// current generation; a client that uses a group for its offsets only (generation -1) may commit while the group has no members.
//
// Known differences: offsets do not expire; they go with their topic or group (retention_time_ms of versions 2-4 is not looked at). The
// leader epoch is not kept, since there is only one.
internal static class OffsetCommit
{
    public static readonly KafkaApi Api = new(8, "OffsetCommit", 2, 9, 8, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var request = Read(call);
        var error = request.GroupId.Length == 0
            ? KafkaError.InvalidGroupId
            : call.Broker.Groups.MayCommit(request.GroupId, request.MemberId, request.InstanceId, request.Generation);
        var errors = new List<KafkaError>();
        var offsets = new List<CommittedOffset>();
        foreach (var (topic, partitions) in request.Topics)
        {
            var count = (await call.Broker.Log.FindTopicAsync(topic, call.Cancel))?.PartitionCount ?? 0;
            foreach (var part in partitions)
            {
                errors.Add(error != KafkaError.None ? error : Check(call, part, count));
                if (errors[^1] == KafkaError.None) offsets.Add(new CommittedOffset(new TopicPartition(topic, part.Partition), part.Offset, part.Metadata));
            }
        }

        if (!await TryCommitAsync(call, request.GroupId, offsets))
            for (var i = 0; i < errors.Count; i++) errors[i] = errors[i] == KafkaError.None ? KafkaError.UnknownTopicOrPartition : errors[i];
        Write(call, request, errors);
    }

    private static KafkaError Check(KafkaCall call, Part part, int partitionCount)
    {
        if ((uint)part.Partition >= (uint)partitionCount) return KafkaError.UnknownTopicOrPartition;
        var isTooLarge = Encoding.UTF8.GetByteCount(part.Metadata) > call.Broker.Limits.OffsetMetadataBytesMax;
        return isTooLarge ? KafkaError.OffsetMetadataTooLarge : KafkaError.None;
    }

    /// <summary>False when a topic was deleted meanwhile; nothing is stored then.</summary>
    private static async ValueTask<bool> TryCommitAsync(KafkaCall call, string groupId, List<CommittedOffset> offsets)
    {
        try
        {
            if (offsets.Count > 0) await call.Broker.Log.CommitOffsetsAsync(groupId, offsets, CancellationToken.None);
            return true;
        }
        catch (UnknownTopicPartitionException)
        {
            return false;
        }
    }

    private static Request Read(KafkaCall call)
    {
        var reader = call.Reader();
        var version = call.Version;
        var groupId = reader.ReadString();
        var generation = reader.ReadInt32();
        var memberId = reader.ReadString();
        var instanceId = version >= 7 ? reader.ReadNullableString() : null;
        if (version <= 4) reader.ReadInt64();
        var topics = new (string, Part[])[reader.ReadArrayLength()];
        for (var t = 0; t < topics.Length; t++)
        {
            var name = reader.ReadString();
            var parts = new Part[reader.ReadArrayLength()];
            for (var p = 0; p < parts.Length; p++)
            {
                var (partition, offset) = (reader.ReadInt32(), reader.ReadInt64());
                if (version >= 6) reader.ReadInt32();
                parts[p] = new Part(partition, offset, reader.ReadNullableString() ?? "");
                reader.SkipTags();
            }

            reader.SkipTags();
            topics[t] = (name, parts);
        }

        return new Request(groupId, generation, memberId, instanceId, topics);
    }

    private static void Write(KafkaCall call, Request request, List<KafkaError> errors)
    {
        var response = call.Response;
        var next = 0;
        if (call.Version >= 3) response.WriteThrottleTime();
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

    private sealed record Request(string GroupId, int Generation, string MemberId, string? InstanceId, (string Topic, Part[] Partitions)[] Topics);

    private readonly record struct Part(int Partition, long Offset, string Metadata);
}

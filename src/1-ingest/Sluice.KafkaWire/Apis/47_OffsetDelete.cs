using Sluice.KafkaWire.Groups;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// OffsetDelete, key 47, version 0 (never flexible). https://kafka.apache.org/protocol#The_Messages_OffsetDelete
//
// Behaviour: deletes the offsets of single partitions of a group, in one transaction. Of a group of the consumer protocol the topics that it
// is subscribed to are refused (GROUP_SUBSCRIBED_TO_TOPIC).
//
// Known differences: a classic group with members is refused as a whole (NON_EMPTY_GROUP). Kafka looks into the subscriptions of its
// members too and refuses only the topics that are subscribed to.
internal static class OffsetDelete
{
    public static readonly KafkaApi Api = new(47, "OffsetDelete", 0, 0, short.MaxValue, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var (groupId, topics) = Read(call);
        var log = call.Broker.Log;
        var (error, kept) = (KafkaError.None, new HashSet<string>(StringComparer.Ordinal));
        var committed = (await log.CommittedOffsetsAsync(groupId, call.Cancel)).Select(c => c.Partition).ToHashSet();
        var state = call.Broker.Groups.Look(groupId, g => g.IsEmpty ? GroupState.Empty : (GroupState?)g.State);
        if (call.Broker.Groups.LookAtConsumers(groupId, _ => true)) kept = await SubscribedAsync(call, groupId, topics.Select(t => t.Topic));
        else if (state is null && committed.Count == 0) error = KafkaError.GroupIdNotFound;
        else if (state is not null and not GroupState.Empty) error = KafkaError.NonEmptyGroup;
        var asked = topics.Where(t => !kept.Contains(t.Topic)).SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.Topic, p))).ToArray();
        if (error == KafkaError.None) error = await call.StoredAsync(DeleteAsync(log, groupId, [.. asked.Where(committed.Contains)]));
        var response = call.Response;
        response.WriteError(error);
        response.WriteThrottleTime();
        response.WriteArrayLength(error == KafkaError.None ? topics.Length : 0);
        if (error != KafkaError.None) return;
        foreach (var (topic, partitions) in topics)
        {
            response.WriteString(topic);
            response.WriteArrayLength(partitions.Length);
            foreach (var partition in partitions)
            {
                response.WriteInt32(partition);
                response.WriteError(kept.Contains(topic) ? KafkaError.GroupSubscribedToTopic : KafkaError.None);
            }
        }
    }

    private static async ValueTask<KafkaError> DeleteAsync(EmbeddedLog log, string groupId, TopicPartition[] partitions)
    {
        await log.DeleteCommittedOffsetsAsync(groupId, partitions, CancellationToken.None);
        return KafkaError.None;
    }

    private static async ValueTask<HashSet<string>> SubscribedAsync(KafkaCall call, string groupId, IEnumerable<string> topics)
    {
        var seen = await call.Broker.ConsumerTopics.SeeAsync(call.Cancel);
        return call.Broker.Groups.LookAtConsumers(
            groupId, group => topics.Where(t => seen.Find(t) is { } topic && group.IsSubscribedTo(topic.Id)).ToHashSet(StringComparer.Ordinal)) ?? [];
    }

    private static (string GroupId, (string Topic, int[] Partitions)[] Topics) Read(KafkaCall call)
    {
        var reader = call.Reader();
        var groupId = reader.ReadString();
        var topics = new (string, int[])[reader.ReadArrayLength()];
        for (var t = 0; t < topics.Length; t++) topics[t] = (reader.ReadString(), reader.ReadInt32Array());
        return (groupId, topics);
    }
}

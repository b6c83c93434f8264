using Sluice.KafkaWire.Groups;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// ConsumerGroupDescribe, key 69, versions 0-1 (flexible from 0). https://kafka.apache.org/protocol#The_Messages_ConsumerGroupDescribe
//
// Behaviour: state, epochs and members of groups of the consumer protocol, with what each member has and what it is to have. A classic
// group is GROUP_ID_NOT_FOUND, upon which clients ask DescribeGroups.
//
// Known differences: authorized operations are never computed. A topic that is gone is shown without a name until its partitions are
// given back.
internal static class ConsumerGroupDescribe
{
    private const int UnknownOperations = int.MinValue;
    private const sbyte ConsumerMemberType = 1;

    public static readonly KafkaApi Api = new(69, "ConsumerGroupDescribe", 0, 1, 0, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var ids = call.Reader().ReadStringArray();
        var topics = await call.Broker.ConsumerTopics.SeeAsync(call.Cancel);
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteArrayLength(ids.Length);
        foreach (var id in ids)
        {
            var isFound = call.Broker.Groups.LookAtConsumers(id, group =>
            {
                Write(call, group, topics);
                return true;
            });
            if (!isFound) WriteUnknown(response, id);
        }

        response.WriteTags();
    }

    private static void Write(KafkaCall call, ConsumerGroup group, TopicsSeen topics)
    {
        var response = call.Response;
        response.WriteError(KafkaError.None);
        response.WriteNullableString(null);
        response.WriteString(group.Id);
        response.WriteString(group.State.ToString());
        response.WriteInt32(group.Epoch);
        response.WriteInt32(group.AssignmentEpoch);
        response.WriteString(group.Assignor);
        response.WriteArrayLength(group.Members.Count);
        foreach (var member in group.Members)
        {
            response.WriteString(member.Id);
            response.WriteNullableString(member.InstanceId);
            response.WriteNullableString(member.RackId);
            response.WriteInt32(member.Epoch);
            response.WriteString(member.ClientId);
            response.WriteString(member.ClientHost);
            response.WriteArrayLength(member.TopicNames.Count);
            foreach (var name in member.TopicNames) response.WriteString(name);
            response.WriteNullableString(member.Pattern?.Text);
            WriteAssignment(response, member.Assigned, topics);
            WriteAssignment(response, member.Target, topics);
            if (call.Version >= 1) response.WriteInt8(ConsumerMemberType);
            response.WriteTags();
        }

        response.WriteInt32(UnknownOperations);
        response.WriteTags();
    }

    private static void WriteAssignment(KafkaWriter response, IReadOnlySet<TopicIdPartition> partitions, TopicsSeen seen)
    {
        var topics = partitions.ToLookup(p => p.Topic, p => p.Partition);
        response.WriteArrayLength(topics.Count);
        foreach (var topic in topics)
        {
            response.WriteUuid(topic.Key);
            response.WriteString(seen.NameOf(topic.Key) ?? "");
            response.WriteInt32Array([.. topic.Order()]);
            response.WriteTags();
        }

        response.WriteTags();
    }

    private static void WriteUnknown(KafkaWriter response, string id)
    {
        response.WriteError(id.Length == 0 ? KafkaError.InvalidGroupId : KafkaError.GroupIdNotFound);
        response.WriteNullableString(id.Length == 0 ? "A group id can't be empty." : $"There is no consumer group '{id}'.");
        response.WriteString(id);
        response.WriteString("");
        response.WriteInt32(0);
        response.WriteInt32(0);
        response.WriteString("");
        response.WriteArrayLength(0);
        response.WriteInt32(UnknownOperations);
        response.WriteTags();
    }
}

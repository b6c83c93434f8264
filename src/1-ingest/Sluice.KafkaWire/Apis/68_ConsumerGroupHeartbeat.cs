using Sluice.KafkaWire.Groups;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// ConsumerGroupHeartbeat, key 68, versions 0-1 (flexible from 0). https://kafka.apache.org/protocol#The_Messages_ConsumerGroupHeartbeat
//
// Behaviour: the consumer protocol (KIP-848). A member joins, tells its subscription and what it owns, and learns its assignment; the
// broker assigns (uniform, range). What a member is to give back it gives back before anybody else gets it; who does not within its
// rebalance timeout, or is not heard of within the session timeout, is out. Members, epochs and assignments are on disk before the answer.
// From version 1 topics can be subscribed to by a regular expression, and members make their ids (KIP-1082).
//
// Known differences: a member that joins again under its id while the coordinator still knows it is taken back at once, where Kafka fences
// it until its session ends. Classic members do not join a consumer group nor the other way round, as in Kafka with
// group.consumer.migration.policy=disabled; a group without members becomes one of who joins first. Racks are kept and not assigned by.
// Regular expressions are .NET's (docs/kafka.md).
internal static class ConsumerGroupHeartbeat
{
    public static readonly KafkaApi Api = new(68, "ConsumerGroupHeartbeat", 0, 1, 0, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var heartbeat = Read(call);
        var result = heartbeat.Refusal(needsMemberId: call.Version >= 1, call.Broker.Limits) ?? await ServeAsync(call, heartbeat);
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteError(result.Error);
        response.WriteNullableString(result.Message);
        response.WriteNullableString(result.MemberId);
        response.WriteInt32(result.Epoch);
        var interval = call.Broker.Options.ConsumerHeartbeatInterval;
        response.WriteInt32(result.Error == KafkaError.None ? (int)interval.TotalMilliseconds : 0);
        WriteAssignment(response, result.Assignment);
        response.WriteTags();
    }

    private static async ValueTask<ConsumerHeartbeatResult> ServeAsync(KafkaCall call, ConsumerHeartbeat heartbeat)
    {
        var broker = call.Broker;
        var result = broker.Groups.Heartbeat(heartbeat, await broker.ConsumerTopics.SeeAsync(call.Cancel));
        var stored = await call.SaveGroupsAsync();
        // The member may have moved on here and not on disk: it is told nothing then, and its next heartbeat stores and tells it.
        return stored == KafkaError.None
            ? result
            : ConsumerHeartbeatResult.Refused(stored, "The group's change could not be stored; the broker's log says why. It is tried again with the next heartbeat.");
    }

    private static ConsumerHeartbeat Read(KafkaCall call)
    {
        var reader = call.Reader();
        return new ConsumerHeartbeat(
            reader.ReadString(),
            reader.ReadString(),
            reader.ReadInt32(),
            reader.ReadNullableString(),
            reader.ReadNullableString(),
            reader.ReadInt32(),
            reader.ReadNullableStringArray(),
            call.Version >= 1 ? reader.ReadNullableString() : null,
            reader.ReadNullableString(),
            ReadOwned(ref reader),
            call.Header.ClientId ?? "",
            call.ClientHost);
    }

    private static OwnedPartitions? ReadOwned(ref KafkaReader reader)
    {
        var count = reader.ReadNullableArrayLength();
        if (count < 0) return null;
        var topics = new (Guid, int[])[count];
        for (var t = 0; t < count; t++)
        {
            topics[t] = (reader.ReadUuid(), reader.ReadInt32Array());
            reader.SkipTags();
        }

        return new OwnedPartitions(topics);
    }

    /// <summary>A structure that may be null: a byte says whether it is there.</summary>
    private static void WriteAssignment(KafkaWriter response, IReadOnlySet<TopicIdPartition>? assignment)
    {
        response.WriteInt8((sbyte)(assignment is null ? -1 : 1));
        if (assignment is null) return;
        var topics = assignment.ToLookup(p => p.Topic, p => p.Partition);
        response.WriteArrayLength(topics.Count);
        foreach (var topic in topics)
        {
            response.WriteUuid(topic.Key);
            response.WriteInt32Array([.. topic.Order()]);
            response.WriteTags();
        }

        response.WriteTags();
    }
}

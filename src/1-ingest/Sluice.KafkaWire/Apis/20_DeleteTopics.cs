using Sluice.KafkaWire.Topics;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// DeleteTopics, key 20, versions 1-6 (flexible from 4). https://kafka.apache.org/protocol#The_Messages_DeleteTopics
//
// Behaviour: deletes topics with their records and committed offsets, by name, from version 6 by id too. Gone when the answer comes.
//
// Known differences: a stream of Kinesis is not deleted here (TOPIC_AUTHORIZATION_FAILED).
internal static class DeleteTopics
{
    public static readonly KafkaApi Api = new(20, "DeleteTopics", 1, 6, 4, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var topics = Read(call);
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteArrayLength(topics.Length);
        foreach (var (name, id) in topics)
        {
            var found = name ?? (await call.Broker.Topics.FindAsync(id, call.Cancel))?.Name;
            var refusal = await DeleteAsync(call, found);
            if (call.Version >= 6) response.WriteNullableString(found);
            else response.WriteString(name!);
            if (call.Version >= 6) response.WriteUuid(id);
            response.WriteError(refusal.Error);
            if (call.Version >= 5) response.WriteNullableString(refusal.Message);
            response.WriteTags();
        }

        response.WriteTags();
    }

    private static (string? Name, Guid Id)[] Read(KafkaCall call)
    {
        var reader = call.Reader();
        var topics = new (string?, Guid)[reader.ReadArrayLength()];
        for (var t = 0; t < topics.Length; t++)
        {
            if (call.Version < 6)
            {
                topics[t] = (reader.ReadString(), Guid.Empty);
                continue;
            }

            topics[t] = (reader.ReadNullableString(), reader.ReadUuid());
            reader.SkipTags();
        }

        return topics;
    }

    private static async ValueTask<TopicRefusal> DeleteAsync(KafkaCall call, string? name)
    {
        if (name is null) return new TopicRefusal(KafkaError.UnknownTopicId, "There is no topic with that id.");
        if (call.Broker.Topics.IsStream(name)) return TopicRefusal.Stream(name);
        return await TopicRefusal.OfAsync(() => call.Broker.Log.DeleteTopicAsync(name, CancellationToken.None));
    }
}

using Sluice.KafkaWire.Topics;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// CreatePartitions, key 37, versions 0-3 (flexible from 2). https://kafka.apache.org/protocol#The_Messages_CreatePartitions
//
// Behaviour: raises the number of a topic's partitions; a number that is not larger is INVALID_PARTITIONS.
//
// Known differences: assignments are not looked at: the one broker gets every partition. A stream of Kinesis is split there.
internal static class CreatePartitions
{
    public static readonly KafkaApi Api = new(37, "CreatePartitions", 0, 3, 2, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var (topics, validateOnly) = Read(call);
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteArrayLength(topics.Length);
        foreach (var (name, count) in topics)
        {
            var refusal = call.Broker.Topics.IsStream(name)
                ? TopicRefusal.Stream(name)
                : await TopicRefusal.OfAsync(() => call.Broker.Log.AddPartitionsAsync(name, count, validateOnly, CancellationToken.None));
            response.WriteString(name);
            response.WriteError(refusal.Error);
            response.WriteNullableString(refusal.Message);
            response.WriteTags();
        }

        response.WriteTags();
    }

    private static ((string Name, int Count)[] Topics, bool ValidateOnly) Read(KafkaCall call)
    {
        var reader = call.Reader();
        var topics = new (string, int)[reader.ReadArrayLength()];
        for (var t = 0; t < topics.Length; t++)
        {
            topics[t] = (reader.ReadString(), reader.ReadInt32());
            for (var assignments = reader.ReadArrayLength(); assignments > 0; assignments--)
            {
                reader.ReadInt32Array();
                reader.SkipTags();
            }

            reader.SkipTags();
        }

        reader.ReadInt32();
        return (topics, reader.ReadBool());
    }
}

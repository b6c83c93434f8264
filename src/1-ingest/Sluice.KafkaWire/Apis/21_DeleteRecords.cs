using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// DeleteRecords, key 21, versions 0-2 (flexible from 2). https://kafka.apache.org/protocol#The_Messages_DeleteRecords
//
// Behaviour: moves the first retained offset up, -1 being the end. It is on disk before the answer; whole segments below it are gone.
//
// Known differences: a stream of Kinesis keeps its records for its retention (TOPIC_AUTHORIZATION_FAILED).
internal static class DeleteRecords
{
    public static readonly KafkaApi Api = new(21, "DeleteRecords", 0, 2, 2, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var topics = Read(call);
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteArrayLength(topics.Length);
        foreach (var (topic, parts) in topics)
        {
            response.WriteString(topic);
            response.WriteArrayLength(parts.Length);
            foreach (var (partition, before) in parts)
            {
                var (error, start) = await DeleteAsync(call, new TopicPartition(topic, partition), before);
                response.WriteInt32(partition);
                response.WriteInt64(start);
                response.WriteError(error);
                response.WriteTags();
            }

            response.WriteTags();
        }

        response.WriteTags();
    }

    private static (string Topic, (int Partition, long Before)[] Parts)[] Read(KafkaCall call)
    {
        var reader = call.Reader();
        var topics = new (string, (int, long)[])[reader.ReadArrayLength()];
        for (var t = 0; t < topics.Length; t++)
        {
            var name = reader.ReadString();
            var parts = new (int, long)[reader.ReadArrayLength()];
            for (var p = 0; p < parts.Length; p++)
            {
                parts[p] = (reader.ReadInt32(), reader.ReadInt64());
                reader.SkipTags();
            }

            reader.SkipTags();
            topics[t] = (name, parts);
        }

        return topics;
    }

    private static async ValueTask<(KafkaError Error, long Start)> DeleteAsync(KafkaCall call, TopicPartition partition, long before)
    {
        if (call.Broker.Topics.IsStream(partition.Topic)) return (KafkaError.TopicAuthorizationFailed, -1);
        try
        {
            return await call.Broker.Log.DeleteRecordsAsync(partition, before, call.Cancel) is { } start
                ? (KafkaError.None, start)
                : (KafkaError.OffsetOutOfRange, -1);
        }
        catch (UnknownTopicPartitionException)
        {
            return (KafkaError.UnknownTopicOrPartition, -1);
        }
        catch (IOException)
        {
            return (KafkaError.KafkaStorageError, -1);
        }
    }
}

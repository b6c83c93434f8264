using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// DescribeProducers, key 61, version 0 (flexible from 0). https://kafka.apache.org/protocol#The_Messages_DescribeProducers
//
// Behaviour: the idempotent and transactional producers that a partition remembers, with the first offset of an open transaction, which
// is what holds up readers of committed records.
//
// Known differences: none.
internal static class DescribeProducers
{
    public static readonly KafkaApi Api = new(61, "DescribeProducers", 0, 0, 0, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var topics = Read(call);
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteArrayLength(topics.Length);
        foreach (var (topic, partitions) in topics)
        {
            response.WriteString(topic);
            response.WriteArrayLength(partitions.Length);
            foreach (var partition in partitions) Write(call, partition, await FindAsync(call, new TopicPartition(topic, partition)));
            response.WriteTags();
        }

        response.WriteTags();
    }

    private static (string Topic, int[] Partitions)[] Read(KafkaCall call)
    {
        var reader = call.Reader();
        var topics = new (string, int[])[reader.ReadArrayLength()];
        for (var t = 0; t < topics.Length; t++)
        {
            topics[t] = (reader.ReadString(), reader.ReadInt32Array());
            reader.SkipTags();
        }

        return topics;
    }

    /// <summary>Null when there is no such partition.</summary>
    private static async ValueTask<IReadOnlyList<ActiveProducer>?> FindAsync(KafkaCall call, TopicPartition partition)
    {
        try
        {
            return await call.Broker.Log.ProducersOfAsync(partition, call.Cancel);
        }
        catch (UnknownTopicPartitionException)
        {
            return null;
        }
    }

    private static void Write(KafkaCall call, int partition, IReadOnlyList<ActiveProducer>? producers)
    {
        var response = call.Response;
        response.WriteInt32(partition);
        response.WriteError(producers is null ? KafkaError.UnknownTopicOrPartition : KafkaError.None);
        response.WriteNullableString(null);
        response.WriteArrayLength(producers?.Count ?? 0);
        foreach (var producer in producers ?? [])
        {
            response.WriteInt64(producer.ProducerId);
            response.WriteInt32(producer.Epoch);
            response.WriteInt32(producer.LastSequence);
            response.WriteInt64(producer.LastTimestampMs);
            response.WriteInt32(producer.CoordinatorEpoch);
            response.WriteInt64(producer.TransactionStart ?? -1);
            response.WriteTags();
        }

        response.WriteTags();
    }
}

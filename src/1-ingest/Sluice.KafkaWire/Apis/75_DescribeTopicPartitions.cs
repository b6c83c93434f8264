using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// DescribeTopicPartitions, key 75, version 0 (flexible from 0). https://kafka.apache.org/protocol#The_Messages_DescribeTopicPartitions
//
// Behaviour: the partitions of the topics asked for, or of all, in the order of their names, up to response_partition_limit at a time. What
// is left begins at the cursor of the answer, which a client sends with its next request. Topics are not created by it.
//
// Known differences: authorized operations are never computed (the field says "unknown").
internal static class DescribeTopicPartitions
{
    private const int UnknownOperations = int.MinValue;

    /// <summary>Partitions of one answer: 2,000, Kafka's max.request.partition.size.limit.</summary>
    private const int PartitionsMax = 2_000;

    public static readonly KafkaApi Api = new(75, "DescribeTopicPartitions", 0, 0, 0, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var (asked, limit, cursor) = Read(call);
        var names = asked.Count > 0 ? asked : (await call.Broker.Log.ListTopicsAsync(call.Cancel)).Select(t => t.Name);
        var left = Math.Clamp(limit, 1, PartitionsMax);
        var pages = new List<Page>();
        Cursor? next = null;
        foreach (var name in names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var isBefore = cursor is not null && string.CompareOrdinal(name, cursor.Topic) < 0;
            if (isBefore) continue;
            var topic = await call.Broker.Log.FindTopicAsync(name, call.Cancel);
            var from = cursor?.Topic == name ? Math.Clamp(cursor.Partition, 0, topic?.PartitionCount ?? 0) : 0;
            if (left == 0)
            {
                next = new Cursor(name, from);
                break;
            }

            var end = Math.Min(topic?.PartitionCount ?? 0, from + left);
            pages.Add(new Page(name, topic, from, end));
            left -= end - from;
            if (end >= (topic?.PartitionCount ?? 0)) continue;
            next = new Cursor(name, end);
            break;
        }

        Write(call, pages, next);
    }

    private static (List<string> Topics, int Limit, Cursor? Cursor) Read(KafkaCall call)
    {
        var reader = call.Reader();
        var topics = new List<string>();
        for (var count = reader.ReadArrayLength(); count > 0; count--)
        {
            topics.Add(reader.ReadString());
            reader.SkipTags();
        }

        var limit = reader.ReadInt32();
        if (reader.ReadInt8() < 0) return (topics, limit, null);
        return (topics, limit, new Cursor(reader.ReadString(), reader.ReadInt32()));
    }

    private static void Write(KafkaCall call, List<Page> pages, Cursor? next)
    {
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteArrayLength(pages.Count);
        foreach (var page in pages)
        {
            response.WriteError(page.Topic is null ? KafkaError.UnknownTopicOrPartition : KafkaError.None);
            response.WriteNullableString(page.Name);
            response.WriteUuid(page.Topic?.Id ?? Guid.Empty);
            response.WriteBool(false);
            response.WriteArrayLength(page.End - page.From);
            for (var partition = page.From; partition < page.End; partition++) Write(response, partition, call.Broker.Options.BrokerId);
            response.WriteInt32(UnknownOperations);
            response.WriteTags();
        }

        response.WriteInt8((sbyte)(next is null ? -1 : 1));
        if (next is not null)
        {
            response.WriteString(next.Topic);
            response.WriteInt32(next.Partition);
            response.WriteTags();
        }

        response.WriteTags();
    }

    private static void Write(KafkaWriter response, int partition, int brokerId)
    {
        response.WriteError(KafkaError.None);
        response.WriteInt32(partition);
        response.WriteInt32(brokerId);
        response.WriteInt32(0);
        response.WriteInt32Array([brokerId]);
        response.WriteInt32Array([brokerId]);
        response.WriteInt32Array([]);
        response.WriteInt32Array([]);
        response.WriteInt32Array([]);
        response.WriteTags();
    }

    private sealed record Cursor(string Topic, int Partition);

    private sealed record Page(string Name, TopicDescription? Topic, int From, int End);
}

using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// DescribeLogDirs, key 35, versions 1-4 (flexible from 2). https://kafka.apache.org/protocol#The_Messages_DescribeLogDirs
//
// Behaviour: the one directory of the log, and the bytes that each partition asked for has in it.
//
// Known differences: the size of the disk (from version 4) is not told (-1).
internal static class DescribeLogDirs
{
    private const long UnknownBytes = -1;

    public static readonly KafkaApi Api = new(35, "DescribeLogDirs", 1, 4, 2, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var asked = Read(call);
        var log = call.Broker.Log;
        var sizes = new List<(string Topic, List<(int Partition, long Bytes)> Partitions)>();
        foreach (var topic in await log.ListTopicsAsync(call.Cancel))
        {
            if (asked is not null && !asked.ContainsKey(topic.Name)) continue;
            var partitions = Enumerable.Range(0, topic.PartitionCount).Where(p => asked is null || asked[topic.Name].Contains(p));
            sizes.Add((topic.Name, [.. partitions.Select(p => (p, SizeOf(log, new TopicPartition(topic.Name, p))))]));
        }

        Write(call, sizes);
    }

    /// <summary>The partitions asked for by topic; null for all.</summary>
    private static Dictionary<string, int[]>? Read(KafkaCall call)
    {
        var reader = call.Reader();
        var count = reader.ReadNullableArrayLength();
        if (count < 0) return null;
        var topics = new Dictionary<string, int[]>(StringComparer.Ordinal);
        for (; count > 0; count--)
        {
            topics[reader.ReadString()] = reader.ReadInt32Array();
            reader.SkipTags();
        }

        return topics;
    }

    private static long SizeOf(EmbeddedLog log, TopicPartition partition)
    {
        try
        {
            return log.SizeOf(partition);
        }
        catch (UnknownTopicPartitionException)
        {
            // Deleted since it was listed.
            return 0;
        }
    }

    private static void Write(KafkaCall call, List<(string Topic, List<(int Partition, long Bytes)> Partitions)> sizes)
    {
        var response = call.Response;
        response.WriteThrottleTime();
        if (call.Version >= 3) response.WriteError(KafkaError.None);
        response.WriteArrayLength(1);
        response.WriteError(KafkaError.None);
        response.WriteString(call.Broker.Log.Directory);
        response.WriteArrayLength(sizes.Count);
        foreach (var (topic, partitions) in sizes)
        {
            response.WriteString(topic);
            response.WriteArrayLength(partitions.Count);
            foreach (var (partition, bytes) in partitions)
            {
                response.WriteInt32(partition);
                response.WriteInt64(bytes);
                response.WriteInt64(0);
                response.WriteBool(false);
                response.WriteTags();
            }

            response.WriteTags();
        }

        if (call.Version >= 4)
        {
            response.WriteInt64(UnknownBytes);
            response.WriteInt64(UnknownBytes);
        }

        response.WriteTags();
        response.WriteTags();
    }
}

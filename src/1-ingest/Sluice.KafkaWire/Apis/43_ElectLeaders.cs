using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// ElectLeaders, key 43, versions 0-2 (flexible from 2). https://kafka.apache.org/protocol#The_Messages_ElectLeaders
//
// Behaviour: the one broker leads every partition already: ELECTION_NOT_NEEDED for each that is asked for. Asked for all, no partition is
// told, as in Kafka, which leaves out those that need no election.
//
// Known differences: none.
internal static class ElectLeaders
{
    public static readonly KafkaApi Api = new(43, "ElectLeaders", 0, 2, 2, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var topics = Read(call);
        var response = call.Response;
        response.WriteThrottleTime();
        if (call.Version >= 1) response.WriteError(KafkaError.None);
        response.WriteArrayLength(topics.Length);
        foreach (var (name, partitions) in topics)
        {
            var count = (await call.Broker.Log.FindTopicAsync(name, call.Cancel))?.PartitionCount ?? 0;
            response.WriteString(name);
            response.WriteArrayLength(partitions.Length);
            foreach (var partition in partitions)
            {
                var isThere = (uint)partition < (uint)count;
                response.WriteInt32(partition);
                response.WriteError(isThere ? KafkaError.ElectionNotNeeded : KafkaError.UnknownTopicOrPartition);
                response.WriteNullableString(isThere ? "The preferred replica leads the partition." : "There is no such partition.");
                response.WriteTags();
            }

            response.WriteTags();
        }

        response.WriteTags();
    }

    private static (string Name, int[] Partitions)[] Read(KafkaCall call)
    {
        var reader = call.Reader();
        if (call.Version >= 1) reader.ReadInt8();
        var topics = new (string, int[])[reader.ReadArrayLength()];
        for (var t = 0; t < topics.Length; t++)
        {
            topics[t] = (reader.ReadString(), reader.ReadInt32Array());
            reader.SkipTags();
        }

        return topics;
    }
}

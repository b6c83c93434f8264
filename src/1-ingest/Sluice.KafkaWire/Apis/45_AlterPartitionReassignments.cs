using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// AlterPartitionReassignments, key 45, version 0 (flexible from 0). https://kafka.apache.org/protocol#The_Messages_AlterPartitionReassignments
//
// Behaviour: every partition is where it can only be. Asked to put it on the one broker, nothing is to be done; on another,
// INVALID_REPLICA_ASSIGNMENT; to cancel, NO_REASSIGNMENT_IN_PROGRESS.
//
// Known differences: none.
internal static class AlterPartitionReassignments
{
    public static readonly KafkaApi Api = new(45, "AlterPartitionReassignments", 0, 0, 0, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var topics = Read(call);
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteError(KafkaError.None);
        response.WriteNullableString(null);
        response.WriteArrayLength(topics.Length);
        foreach (var (name, partitions) in topics)
        {
            var count = (await call.Broker.Log.FindTopicAsync(name, call.Cancel))?.PartitionCount ?? 0;
            response.WriteString(name);
            response.WriteArrayLength(partitions.Length);
            foreach (var partition in partitions)
            {
                var (error, message) = Answer(call.Broker.Options.BrokerId, (uint)partition.Index < (uint)count, partition.Replicas);
                response.WriteInt32(partition.Index);
                response.WriteError(error);
                response.WriteNullableString(message);
                response.WriteTags();
            }

            response.WriteTags();
        }

        response.WriteTags();
    }

    private static (KafkaError Error, string? Message) Answer(int brokerId, bool isThere, int[]? replicas) => replicas switch
    {
        _ when !isThere => (KafkaError.UnknownTopicOrPartition, "There is no such partition."),
        null => (KafkaError.NoReassignmentInProgress, null),
        [var only] when only == brokerId => (KafkaError.None, null),
        _ => (KafkaError.InvalidReplicaAssignment, $"There is one broker, {brokerId}: every partition is on it."),
    };

    private static (string Name, (int Index, int[]? Replicas)[] Partitions)[] Read(KafkaCall call)
    {
        var reader = call.Reader();
        reader.ReadInt32();
        var topics = new (string, (int, int[]?)[])[reader.ReadArrayLength()];
        for (var t = 0; t < topics.Length; t++)
        {
            var name = reader.ReadString();
            var partitions = new (int, int[]?)[reader.ReadArrayLength()];
            for (var p = 0; p < partitions.Length; p++)
            {
                partitions[p] = (reader.ReadInt32(), reader.ReadNullableInt32Array());
                reader.SkipTags();
            }

            reader.SkipTags();
            topics[t] = (name, partitions);
        }

        return topics;
    }
}

using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// ListPartitionReassignments, key 46, version 0 (flexible from 0). https://kafka.apache.org/protocol#The_Messages_ListPartitionReassignments
//
// Behaviour: no partition is ever on its way to another broker, so the list is empty.
//
// Known differences: none.
internal static class ListPartitionReassignments
{
    public static readonly KafkaApi Api = new(46, "ListPartitionReassignments", 0, 0, 0, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteError(KafkaError.None);
        response.WriteNullableString(null);
        response.WriteArrayLength(0);
        response.WriteTags();
        return default;
    }
}

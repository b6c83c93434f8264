namespace Sluice.KafkaWire.Apis;

// Heartbeat, key 12, versions 0-4 (flexible from 4). https://kafka.apache.org/protocol#The_Messages_Heartbeat
//
// Behaviour: keeps a member's session; REBALANCE_IN_PROGRESS tells it to join again.
//
// Known differences: none.
internal static class Heartbeat
{
    public static readonly KafkaApi Api = new(12, "Heartbeat", 0, 4, 4, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var reader = call.Reader();
        var groupId = reader.ReadString();
        var generation = reader.ReadInt32();
        var memberId = reader.ReadString();
        var instanceId = call.Version >= 3 ? reader.ReadNullableString() : null;
        var error = call.Broker.Groups.Heartbeat(groupId, memberId, instanceId, generation);
        if (call.Version >= 1) call.Response.WriteThrottleTime();
        call.Response.WriteError(error);
        call.Response.WriteTags();
        return default;
    }
}

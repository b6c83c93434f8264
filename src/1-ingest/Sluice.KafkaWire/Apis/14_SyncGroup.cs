using Sluice.KafkaWire.Groups;

namespace Sluice.KafkaWire.Apis;

// SyncGroup, key 14, versions 0-5 (flexible from 4). https://kafka.apache.org/protocol#The_Messages_SyncGroup
//
// Behaviour: the leader brings the assignment, the others wait for it. A member that joined and does not sync within the rebalance
// timeout is taken out.
//
// Known differences: none.
internal static class SyncGroup
{
    public static readonly KafkaApi Api = new(14, "SyncGroup", 0, 5, 4, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var (groupId, sync) = Read(call);
        var result = await call.Broker.Groups.SyncAsync(groupId, sync).WaitAsync(call.Cancel);
        var response = call.Response;
        if (call.Version >= 1) response.WriteThrottleTime();
        response.WriteError(result.Error);
        if (call.Version >= 5)
        {
            response.WriteNullableString(result.ProtocolType);
            response.WriteNullableString(result.Protocol);
        }

        response.WriteBytes(result.Assignment);
        response.WriteTags();
    }

    private static (string GroupId, SyncRequest Sync) Read(KafkaCall call)
    {
        var reader = call.Reader();
        var groupId = reader.ReadString();
        var generation = reader.ReadInt32();
        var memberId = reader.ReadString();
        var instanceId = call.Version >= 3 ? reader.ReadNullableString() : null;
        var protocolType = call.Version >= 5 ? reader.ReadNullableString() : null;
        var protocol = call.Version >= 5 ? reader.ReadNullableString() : null;
        var assignments = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        for (var count = reader.ReadArrayLength(); count > 0; count--)
        {
            var member = reader.ReadString();
            assignments[member] = reader.ReadBytes().ToArray();
            reader.SkipTags();
        }

        return (groupId, new SyncRequest(memberId, instanceId, generation, protocolType, protocol, assignments));
    }
}

using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// LeaveGroup, key 13, versions 0-5 (flexible from 4). https://kafka.apache.org/protocol#The_Messages_LeaveGroup
//
// Behaviour: takes members out at once, from version 3 several, a static one by its instance id alone too.
//
// Known differences: the reason that a client gives (version 5) is not kept.
internal static class LeaveGroup
{
    public static readonly KafkaApi Api = new(13, "LeaveGroup", 0, 5, 4, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var reader = call.Reader();
        var groupId = reader.ReadString();
        var response = call.Response;
        if (call.Version < 3)
        {
            var error = call.Broker.Groups.Leave(groupId, reader.ReadString(), instanceId: null);
            if (call.Version >= 1) response.WriteThrottleTime();
            response.WriteError(error);
            return default;
        }

        var leaving = new (string MemberId, string? InstanceId)[reader.ReadArrayLength()];
        for (var m = 0; m < leaving.Length; m++)
        {
            leaving[m] = (reader.ReadString(), reader.ReadNullableString());
            if (call.Version >= 5) reader.ReadNullableString();
            reader.SkipTags();
        }

        response.WriteThrottleTime();
        response.WriteError(KafkaError.None);
        response.WriteArrayLength(leaving.Length);
        foreach (var (memberId, instanceId) in leaving)
        {
            response.WriteString(memberId);
            response.WriteNullableString(instanceId);
            response.WriteError(call.Broker.Groups.Leave(groupId, memberId, instanceId));
            response.WriteTags();
        }

        response.WriteTags();
        return default;
    }
}

using Sluice.KafkaWire.Groups;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// JoinGroup, key 11, versions 0-9 (flexible from 6). https://kafka.apache.org/protocol#The_Messages_JoinGroup
//
// Behaviour: the classic protocol with every client's assignors, since the broker does not look into their bytes. The answer waits until
// all members have joined or the rebalance timeout is over. From version 4 a new dynamic member is first given its id (KIP-394); static
// members keep their place over restarts within the session timeout (KIP-345) and, from version 9, their leadership (KIP-814).
//
// Known differences: members live in memory, so after a restart of the broker they are unknown and join again.
internal static class JoinGroup
{
    public static readonly KafkaApi Api = new(11, "JoinGroup", 0, 9, 6, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var (groupId, join) = Read(call);
        var result = await call.Broker.Groups.JoinAsync(groupId, join).WaitAsync(call.Cancel);
        Write(call, await StoredAsync(call, result));
    }

    /// <summary>That the group has members is on disk before one of them learns that it is in: its offsets cannot expire then.</summary>
    private static async ValueTask<JoinResult> StoredAsync(KafkaCall call, JoinResult result)
    {
        if (result.Error != KafkaError.None) return result;
        var stored = await call.SaveGroupsAsync();
        // One that could not be stored is a member, and not on disk: when it joins again it is tried again.
        return stored == KafkaError.None ? result : JoinResult.Refused(stored, result.MemberId);
    }

    private static (string GroupId, JoinRequest Join) Read(KafkaCall call)
    {
        var reader = call.Reader();
        var groupId = reader.ReadString();
        var session = TimeSpan.FromMilliseconds(reader.ReadInt32());
        // A negative timeout is as good as none; without the field the session's holds for both.
        var rebalance = call.Version >= 1 ? TimeSpan.FromMilliseconds(Math.Max(0, reader.ReadInt32())) : session;
        var memberId = reader.ReadString();
        var instanceId = call.Version >= 5 ? reader.ReadNullableString() : null;
        var protocolType = reader.ReadString();
        var protocols = new GroupProtocol[reader.ReadArrayLength()];
        for (var p = 0; p < protocols.Length; p++)
        {
            // They outlive the request, whose buffer is used again.
            protocols[p] = new GroupProtocol(reader.ReadString(), reader.ReadBytes().ToArray());
            reader.SkipTags();
        }

        var clientId = call.Header.ClientId ?? "";
        return (groupId, new JoinRequest(
            memberId, instanceId, clientId, call.ClientHost, session, rebalance, protocolType, protocols, call.Version >= 4, call.Version >= 9));
    }

    private static void Write(KafkaCall call, JoinResult result)
    {
        var (response, version) = (call.Response, call.Version);
        if (version >= 2) response.WriteThrottleTime();
        response.WriteError(result.Error);
        response.WriteInt32(result.Generation);
        if (version >= 7) response.WriteNullableString(result.ProtocolType);
        if (version >= 7) response.WriteNullableString(result.Protocol);
        else response.WriteString(result.Protocol ?? "");
        response.WriteString(result.Leader);
        if (version >= 9) response.WriteBool(result.SkipAssignment);
        response.WriteString(result.MemberId);
        response.WriteArrayLength(result.Members.Count);
        foreach (var member in result.Members)
        {
            response.WriteString(member.Id);
            if (version >= 5) response.WriteNullableString(member.InstanceId);
            response.WriteBytes(member.Metadata.Span);
            response.WriteTags();
        }

        response.WriteTags();
    }
}

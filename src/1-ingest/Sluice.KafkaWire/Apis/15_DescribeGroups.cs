using Sluice.KafkaWire.Groups;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// DescribeGroups, key 15, versions 0-5 (flexible from 5). https://kafka.apache.org/protocol#The_Messages_DescribeGroups
//
// Behaviour: state, protocol and members with their subscriptions and assignments. A group that only has offsets is Empty, one that is
// not known is Dead, as in Kafka; so is one of the consumer protocol, which ConsumerGroupDescribe shows.
//
// Known differences: authorized operations (from 3) are never computed.
internal static class DescribeGroups
{
    private const int UnknownOperations = int.MinValue;

    public static readonly KafkaApi Api = new(15, "DescribeGroups", 0, 5, 5, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var ids = call.Reader().ReadStringArray();
        var response = call.Response;
        if (call.Version >= 1) response.WriteThrottleTime();
        response.WriteArrayLength(ids.Length);
        foreach (var id in ids)
        {
            var described = call.Broker.Groups.Look(id, group => Describe(group));
            if (described is null)
            {
                var isConsumers = call.Broker.Groups.LookAtConsumers(id, _ => true);
                var hasOffsets = !isConsumers && (await call.Broker.Log.CommittedOffsetsAsync(id, call.Cancel)).Count > 0;
                described = new Described(hasOffsets ? "Empty" : "Dead", "", "", []);
            }

            Write(call, id, described);
        }

        response.WriteTags();
    }

    private static Described Describe(Group group)
    {
        var isAssigned = group.State == GroupState.Stable;
        var members = group.Members.Select(m => new DescribedMember(
            m.Id, m.InstanceId, m.ClientId, m.ClientHost, isAssigned ? m.MetadataOf(group.Protocol) : default, isAssigned ? m.Assignment : []));
        return new Described(group.State.ToString(), group.ProtocolType, isAssigned ? group.Protocol ?? "" : "", [.. members]);
    }

    private static void Write(KafkaCall call, string id, Described group)
    {
        var (response, version) = (call.Response, call.Version);
        response.WriteError(KafkaError.None);
        response.WriteString(id);
        response.WriteString(group.State);
        response.WriteString(group.ProtocolType);
        response.WriteString(group.Protocol);
        response.WriteArrayLength(group.Members.Length);
        foreach (var member in group.Members)
        {
            response.WriteString(member.Id);
            if (version >= 4) response.WriteNullableString(member.InstanceId);
            response.WriteString(member.ClientId);
            response.WriteString(member.ClientHost);
            response.WriteBytes(member.Metadata.Span);
            response.WriteBytes(member.Assignment);
            response.WriteTags();
        }

        if (version >= 3) response.WriteInt32(UnknownOperations);
        response.WriteTags();
    }

    private sealed record Described(string State, string ProtocolType, string Protocol, DescribedMember[] Members);

    private sealed record DescribedMember(
        string Id, string? InstanceId, string ClientId, string ClientHost, ReadOnlyMemory<byte> Metadata, byte[] Assignment);
}

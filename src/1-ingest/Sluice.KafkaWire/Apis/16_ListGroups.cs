using Sluice.KafkaWire.Groups;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// ListGroups, key 16, versions 0-5 (flexible from 3). https://kafka.apache.org/protocol#The_Messages_ListGroups
//
// Behaviour: groups with members and groups that only have offsets, filtered by state (from 4) and type (from 5).
//
// Known differences: the groups under which the pipeline keeps its own positions are listed too.
internal static class ListGroups
{
    public static readonly KafkaApi Api = new(16, "ListGroups", 0, 5, 3, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var reader = call.Reader();
        var states = call.Version >= 4 ? reader.ReadStringArray() : [];
        var types = call.Version >= 5 ? reader.ReadStringArray() : [];
        var listed = All(call)
            .Where(g => states.Length == 0 || states.Contains(g.State, StringComparer.OrdinalIgnoreCase))
            .Where(g => types.Length == 0 || types.Contains(g.Type, StringComparer.OrdinalIgnoreCase))
            .OrderBy(g => g.Id, StringComparer.Ordinal)
            .ToArray();
        var response = call.Response;
        if (call.Version >= 1) response.WriteThrottleTime();
        response.WriteError(KafkaError.None);
        response.WriteArrayLength(listed.Length);
        foreach (var (id, type, protocolType, state) in listed)
        {
            response.WriteString(id);
            response.WriteString(protocolType);
            if (call.Version >= 4) response.WriteString(state);
            if (call.Version >= 5) response.WriteString(type);
            response.WriteTags();
        }

        response.WriteTags();
        return default;
    }

    private static List<Listed> All(KafkaCall call)
    {
        var groups = call.Broker.Groups;
        List<Listed> listed =
        [
            .. groups.LookAtAll(g => new Listed(g.Id, GroupTypes.Classic, g.ProtocolType, g.State.ToString())),
            .. groups.LookAtAllConsumers(g => new Listed(g.Id, GroupTypes.Consumer, GroupTypes.Consumer, g.State.ToString())),
        ];
        var withOffsetsOnly = call.Broker.Log.ListGroups().Except(listed.Select(g => g.Id), StringComparer.Ordinal).ToArray();
        listed.AddRange(withOffsetsOnly.Select(id => new Listed(id, GroupTypes.Classic, "", nameof(GroupState.Empty))));
        return listed;
    }

    private sealed record Listed(string Id, string Type, string ProtocolType, string State);
}

using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// ListGroups, key 16, versions 0-5 (flexible from 3). https://kafka.apache.org/protocol#The_Messages_ListGroups
//
// Behaviour: groups with members and groups that only have offsets, filtered by state (from 4) and type (from 5).
//
// Known differences: every group is of the type "classic". The groups under which the pipeline keeps its own positions are listed too.
internal static class ListGroups
{
    private const string Classic = "classic";

    public static readonly KafkaApi Api = new(16, "ListGroups", 0, 5, 3, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var reader = call.Reader();
        var states = call.Version >= 4 ? reader.ReadStringArray() : [];
        var types = call.Version >= 5 ? reader.ReadStringArray() : [];
        var groups = call.Broker.Groups.LookAtAll(g => (g.Id, g.ProtocolType, State: g.State.ToString()));
        var withOffsetsOnly = call.Broker.Log.ListGroups().Except(groups.Select(g => g.Id), StringComparer.Ordinal);
        var listed = groups.Concat(withOffsetsOnly.Select(id => (Id: id, ProtocolType: "", State: "Empty")))
            .Where(g => states.Length == 0 || states.Contains(g.State, StringComparer.OrdinalIgnoreCase))
            .Where(_ => types.Length == 0 || types.Contains(Classic, StringComparer.OrdinalIgnoreCase))
            .OrderBy(g => g.Id, StringComparer.Ordinal)
            .ToArray();
        var response = call.Response;
        if (call.Version >= 1) response.WriteThrottleTime();
        response.WriteError(KafkaError.None);
        response.WriteArrayLength(listed.Length);
        foreach (var (id, protocolType, state) in listed)
        {
            response.WriteString(id);
            response.WriteString(protocolType);
            if (call.Version >= 4) response.WriteString(state);
            if (call.Version >= 5) response.WriteString(Classic);
            response.WriteTags();
        }

        response.WriteTags();
        return default;
    }
}

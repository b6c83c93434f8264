using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// DeleteGroups, key 42, versions 0-2 (flexible from 2). https://kafka.apache.org/protocol#The_Messages_DeleteGroups
//
// Behaviour: deletes a group that has no members (else NON_EMPTY_GROUP), of either protocol, with its offsets.
//
// Known differences: none.
internal static class DeleteGroups
{
    public static readonly KafkaApi Api = new(42, "DeleteGroups", 0, 2, 2, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var ids = call.Reader().ReadStringArray();
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteArrayLength(ids.Length);
        foreach (var id in ids)
        {
            var error = await call.StoredAsync(DeleteAsync(call, id));
            response.WriteString(id);
            response.WriteError(error);
            response.WriteTags();
        }

        response.WriteTags();
    }

    private static async ValueTask<KafkaError> DeleteAsync(KafkaCall call, string id)
    {
        var groups = call.Broker.Groups;
        var isKnown = groups.Look(id, _ => true) || groups.LookAtConsumers(id, _ => true);
        var hasOffsets = (await call.Broker.Log.CommittedOffsetsAsync(id, call.Cancel)).Count > 0;
        if (!isKnown && !hasOffsets) return KafkaError.GroupIdNotFound;
        if (!groups.TryForget(id)) return KafkaError.NonEmptyGroup;
        await groups.SaveAsync();
        await call.Broker.Log.DeleteCommittedOffsetsAsync(id, partitions: null, CancellationToken.None);
        return KafkaError.None;
    }
}

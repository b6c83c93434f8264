using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// ListTransactions, key 66, versions 0-1 (flexible from 0). https://kafka.apache.org/protocol#The_Messages_ListTransactions
//
// Behaviour: the transactional ids that are known, filtered by state, producer id and, from 1, the time they are open.
//
// Known differences: version 2, which filters by a pattern, is not advertised.
internal static class ListTransactions
{
    public static readonly KafkaApi Api = new(66, "ListTransactions", 0, 1, 0, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var (states, producerIds, openMs) = Read(call);
        var nowMs = call.Broker.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var listed = call.Broker.Transactions.All.Select(t => t.Record)
            .Where(r => r.ProducerId >= 0)
            .Where(r => states.Length == 0 || states.Contains(r.Status.ToString(), StringComparer.Ordinal))
            .Where(r => producerIds.Length == 0 || producerIds.Contains(r.ProducerId))
            .Where(r => openMs < 0 || (r.Status == TransactionStatus.Ongoing && nowMs - r.StartedMs > openMs))
            .OrderBy(r => r.Id, StringComparer.Ordinal)
            .ToArray();
        var unknown = states.Where(s => !Enum.GetNames<TransactionStatus>().Contains(s, StringComparer.Ordinal)).ToArray();
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteError(KafkaError.None);
        response.WriteArrayLength(unknown.Length);
        foreach (var state in unknown) response.WriteString(state);
        response.WriteArrayLength(listed.Length);
        foreach (var record in listed)
        {
            response.WriteString(record.Id);
            response.WriteInt64(record.ProducerId);
            response.WriteString(record.Status.ToString());
            response.WriteTags();
        }

        response.WriteTags();
        return default;
    }

    private static (string[] States, long[] ProducerIds, long OpenMs) Read(KafkaCall call)
    {
        var reader = call.Reader();
        var states = reader.ReadStringArray();
        var producerIds = new long[reader.ReadArrayLength()];
        for (var i = 0; i < producerIds.Length; i++) producerIds[i] = reader.ReadInt64();
        return (states, producerIds, call.Version >= 1 ? reader.ReadInt64() : -1);
    }
}

using Sluice.KafkaWire.Transactions;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// DescribeTransactions, key 65, version 0 (flexible from 0). https://kafka.apache.org/protocol#The_Messages_DescribeTransactions
//
// Behaviour: state, producer, timeout and partitions of transactional ids; one that is not known is TRANSACTIONAL_ID_NOT_FOUND.
//
// Known differences: none.
internal static class DescribeTransactions
{
    public static readonly KafkaApi Api = new(65, "DescribeTransactions", 0, 0, 0, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var ids = call.Reader().ReadStringArray();
        call.Response.WriteThrottleTime();
        call.Response.WriteArrayLength(ids.Length);
        foreach (var id in ids) Write(call, id, call.Broker.Transactions.Find(id));
        call.Response.WriteTags();
        return default;
    }

    private static void Write(KafkaCall call, string id, Transaction? transaction)
    {
        var response = call.Response;
        var record = transaction?.Record ?? new TransactionRecord(id, -1, -1, -1, 0, TransactionStatus.Empty, -1, -1);
        response.WriteError(transaction is null ? KafkaError.TransactionalIdNotFound : KafkaError.None);
        response.WriteString(id);
        response.WriteString(transaction is null ? "" : record.Status.ToString());
        response.WriteInt32(record.TimeoutMs);
        response.WriteInt64(record.Status is TransactionStatus.Empty ? -1 : record.StartedMs);
        response.WriteInt64(record.ProducerId);
        response.WriteInt16(record.Epoch);
        var topics = (transaction?.Partitions ?? []).GroupBy(p => p.Topic, StringComparer.Ordinal).ToArray();
        response.WriteArrayLength(topics.Length);
        foreach (var topic in topics)
        {
            response.WriteString(topic.Key);
            response.WriteInt32Array([.. topic.Select(p => p.Partition)]);
            response.WriteTags();
        }

        response.WriteTags();
    }
}

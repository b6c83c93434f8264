using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// AddPartitionsToTxn, key 24, versions 0-3 (flexible from 3). https://kafka.apache.org/protocol#The_Messages_AddPartitionsToTxn
//
// Behaviour: adds partitions to a producer's transaction, and begins it with the first; on disk before the answer. When one of them is not
// there, none is added (OPERATION_NOT_ATTEMPTED for the others).
//
// Known differences: version 4 and later, in which brokers verify whole batches of transactions for each other, are not advertised.
internal static class AddPartitionsToTxn
{
    public static readonly KafkaApi Api = new(24, "AddPartitionsToTxn", 0, 3, 3, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var request = Read(call);
        var wanted = request.Topics.SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.Topic, p))).Distinct().ToArray();
        var missing = new HashSet<TopicPartition>();
        foreach (var partition in wanted)
        {
            var topic = await call.Broker.Log.FindTopicAsync(partition.Topic, call.Cancel);
            // A stream of Kinesis takes no records of this protocol.
            var isThere = (uint)partition.Partition < (uint)(topic?.PartitionCount ?? 0) && !call.Broker.Topics.IsStream(partition.Topic);
            if (!isThere) missing.Add(partition);
        }

        var error = KafkaError.OperationNotAttempted;
        if (missing.Count == 0)
        {
            error = call.Broker.Transactions.Find(request.TransactionalId) is { } transaction
                ? await call.StoredAsync(transaction.AddPartitionsAsync(request.ProducerId, request.Epoch, wanted))
                : KafkaError.InvalidProducerIdMapping;
        }

        Write(call, request, missing, error == KafkaError.ProducerFenced && call.Version < 2 ? KafkaError.InvalidProducerEpoch : error);
    }

    private static Request Read(KafkaCall call)
    {
        var reader = call.Reader();
        var (transactionalId, producerId, epoch) = (reader.ReadString(), reader.ReadInt64(), reader.ReadInt16());
        var topics = new (string, int[])[reader.ReadArrayLength()];
        for (var t = 0; t < topics.Length; t++)
        {
            topics[t] = (reader.ReadString(), reader.ReadInt32Array());
            reader.SkipTags();
        }

        return new Request(transactionalId, producerId, epoch, topics);
    }

    private static void Write(KafkaCall call, Request request, HashSet<TopicPartition> missing, KafkaError error)
    {
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteArrayLength(request.Topics.Length);
        foreach (var (topic, partitions) in request.Topics)
        {
            response.WriteString(topic);
            response.WriteArrayLength(partitions.Length);
            foreach (var partition in partitions)
            {
                response.WriteInt32(partition);
                response.WriteError(missing.Contains(new TopicPartition(topic, partition)) ? KafkaError.UnknownTopicOrPartition : error);
                response.WriteTags();
            }

            response.WriteTags();
        }

        response.WriteTags();
    }

    private sealed record Request(string TransactionalId, long ProducerId, short Epoch, (string Topic, int[] Partitions)[] Topics);
}

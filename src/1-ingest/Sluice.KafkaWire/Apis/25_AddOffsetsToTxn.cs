using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// AddOffsetsToTxn, key 25, versions 0-4 (flexible from 3). https://kafka.apache.org/protocol#The_Messages_AddOffsetsToTxn
//
// Behaviour: adds a group to a producer's transaction, whose offsets TxnOffsetCommit then brings; on disk before the answer.
//
// Known differences: none.
internal static class AddOffsetsToTxn
{
    public static readonly KafkaApi Api = new(25, "AddOffsetsToTxn", 0, 4, 3, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var (transactionalId, producerId, epoch, group) = Read(call);
        var error = KafkaError.InvalidProducerIdMapping;
        if (group.Length == 0) error = KafkaError.InvalidGroupId;
        else if (call.Broker.Transactions.Find(transactionalId) is { } transaction)
            error = await call.StoredAsync(transaction.AddGroupAsync(producerId, epoch, group));
        if (error == KafkaError.ProducerFenced && call.Version < 2) error = KafkaError.InvalidProducerEpoch;
        call.Response.WriteThrottleTime();
        call.Response.WriteError(error);
        call.Response.WriteTags();
    }

    private static (string TransactionalId, long ProducerId, short Epoch, string Group) Read(KafkaCall call)
    {
        var reader = call.Reader();
        return (reader.ReadString(), reader.ReadInt64(), reader.ReadInt16(), reader.ReadString());
    }
}

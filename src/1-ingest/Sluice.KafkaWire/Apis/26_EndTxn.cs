using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// EndTxn, key 26, versions 0-4 (flexible from 3). https://kafka.apache.org/protocol#The_Messages_EndTxn
//
// Behaviour: commits or aborts. The decision is on disk before anything of it is done, so a crash cannot undo it; the answer comes when
// the markers and the groups' offsets are on disk too. Asked again, the answer is the same.
//
// Known differences: Kafka answers after the decision, and makes the next transaction wait for the markers. Version 5 belongs to
// transactions v2 (KIP-890), which are not advertised.
internal static class EndTxn
{
    public static readonly KafkaApi Api = new(26, "EndTxn", 0, 4, 3, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var (transactionalId, producerId, epoch, isCommit) = Read(call);
        var error = call.Broker.Transactions.Find(transactionalId) is { } transaction
            ? await call.StoredAsync(transaction.EndAsync(producerId, epoch, isCommit))
            : KafkaError.InvalidProducerIdMapping;
        if (error == KafkaError.ProducerFenced && call.Version < 2) error = KafkaError.InvalidProducerEpoch;
        call.Response.WriteThrottleTime();
        call.Response.WriteError(error);
        call.Response.WriteTags();
    }

    private static (string TransactionalId, long ProducerId, short Epoch, bool IsCommit) Read(KafkaCall call)
    {
        var reader = call.Reader();
        return (reader.ReadString(), reader.ReadInt64(), reader.ReadInt16(), reader.ReadBool());
    }
}

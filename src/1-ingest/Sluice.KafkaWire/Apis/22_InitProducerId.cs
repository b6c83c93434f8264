using Sluice.KafkaWire.Transactions;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// InitProducerId, key 22, versions 0-5 (flexible from 2). https://kafka.apache.org/protocol#The_Messages_InitProducerId
//
// Behaviour: gives an idempotent producer an id that nobody had before, over restarts too, with epoch 0, whatever id it brings: some
// clients bring 0 and 0, and two producers of one id would take each other's batches for copies of their own. The producer of a transactional
// id gets the next epoch of that id, which shuts out those before it (PRODUCER_FENCED); what they left open is aborted before the answer.
//
// Known differences: the abort is waited for, where Kafka answers CONCURRENT_TRANSACTIONS and lets the client ask again; that answer
// comes here only when a partition's storage has failed. Version 6 is for two-phase commit, which is not there.
internal static class InitProducerId
{
    public static readonly KafkaApi Api = new(22, "InitProducerId", 0, 5, 2, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var reader = call.Reader();
        var transactionalId = reader.ReadNullableString();
        var timeoutMs = reader.ReadInt32();
        (long Id, short Epoch)? known = call.Version >= 3 ? (reader.ReadInt64(), reader.ReadInt16()) : null;
        if (known is { Id: < 0 } or { Epoch: < 0 }) known = null;
        var grant = await call.StoredAsync(GrantAsync(call.Broker, transactionalId, timeoutMs, known), error => RefusedAs(error, transactionalId));
        // The older versions know only the other word for it.
        var error = grant.Error == KafkaError.ProducerFenced && call.Version < 4 ? KafkaError.InvalidProducerEpoch : grant.Error;
        call.Response.WriteThrottleTime();
        call.Response.WriteError(error);
        call.Response.WriteInt64(grant.ProducerId);
        call.Response.WriteInt16(grant.Epoch);
        call.Response.WriteTags();
    }

    private static async ValueTask<ProducerGrant> GrantAsync(KafkaServices broker, string? transactionalId, int timeoutMs, (long, short)? known) =>
        transactionalId is null
            ? new ProducerGrant(KafkaError.None, broker.ProducerIds.Next(), 0)
            : await broker.Transactions.InitAsync(transactionalId, timeoutMs, known);

    /// <summary>An idempotent producer has no coordinator to look for: Java's would ask for that of no id. It only tries again.</summary>
    private static ProducerGrant RefusedAs(KafkaError error, string? transactionalId) =>
        new(transactionalId is null ? KafkaError.CoordinatorLoadInProgress : error);
}

using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// InitProducerId, key 22, versions 0-4 (flexible from 2). https://kafka.apache.org/protocol#The_Messages_InitProducerId
//
// Behaviour: gives an idempotent producer an id that nobody had before, over restarts too, with epoch 0. A producer that brings its id
// and epoch (from 3, KIP-360) keeps the id and gets the next epoch, whose sequence begins at 0.
//
// Known differences: a transactional id is answered INVALID_REQUEST, for there are no transactions.
internal static class InitProducerId
{
    public static readonly KafkaApi Api = new(22, "InitProducerId", 0, 4, 2, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var reader = call.Reader();
        var transactionalId = reader.ReadNullableString();
        reader.ReadInt32();
        var (id, epoch) = call.Version >= 3 ? (reader.ReadInt64(), reader.ReadInt16()) : (-1, (short)-1);
        var error = transactionalId is null ? KafkaError.None : KafkaError.InvalidRequest;
        if (error != KafkaError.None) (id, epoch) = (-1, -1);
        else if (id >= 0 && epoch >= 0 && epoch < short.MaxValue - 1) epoch++;
        else (id, epoch) = (call.Broker.ProducerIds.Next(), 0);
        call.Response.WriteThrottleTime();
        call.Response.WriteError(error);
        call.Response.WriteInt64(id);
        call.Response.WriteInt16(epoch);
        call.Response.WriteTags();
        return default;
    }
}

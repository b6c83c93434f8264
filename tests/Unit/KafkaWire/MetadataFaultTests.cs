using Microsoft.Extensions.Logging;
using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.Unit.KafkaWire;

/// <summary>What clients are answered while the metadata takes no change: they try again later, and the log says why.</summary>
public sealed class MetadataFaultTests
{
    private long _producerId;

    [Fact]
    public async Task What_could_not_be_stored_is_refused_in_a_way_that_clients_try_again()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var producer = await bed.Broker.Transactions.InitAsync("id", 60_000, null);
        _producerId = producer.ProducerId;
        var transaction = bed.Broker.Transactions.Find("id")!;
        (await transaction.AddGroupAsync(producer.ProducerId, 0, "g")).ShouldBe(KafkaError.None);
        await bed.Log.CommitOffsetsAsync("g", [new CommittedOffset(new TopicPartition("t", 0), 1, "")], default);
        await bed.BreakMetadataAsync();
        var asked = new (KafkaApi Api, short Version, Action<KafkaWriter> Write, Func<KafkaReader, short> ErrorOf)[]
        {
            (OffsetCommit.Api, 2, WriteOffsets, r => OfPartition(r, isThrottled: false)),
            (TxnOffsetCommit.Api, 0, WriteTransactionOffsets, r => OfPartition(r, isThrottled: true)),
            (AddPartitionsToTxn.Api, 0, WritePartitions, r => OfPartition(r, isThrottled: true)),
            (AddOffsetsToTxn.Api, 0, w => { WriteProducer(w); w.WriteString("other"); }, OfRequest),
            (EndTxn.Api, 0, w => { WriteProducer(w); w.WriteBool(true); }, OfRequest),
            (InitProducerId.Api, 0, w => { w.WriteNullableString("id"); w.WriteInt32(1_000); }, OfRequest),
            (OffsetDelete.Api, 0, WriteDeletion, r => r.ReadInt16()),
            (DeleteGroups.Api, 0, w => { w.WriteArrayLength(1); w.WriteString("g"); }, OfGroup),
        };
        foreach (var (api, version, write, errorOf) in asked)
        {
            var logged = bed.Logged.Lines.Count;
            var answer = await bed.AskAsync(api, version, write);
            ((KafkaError)errorOf(answer.Reader())).ShouldBe(KafkaError.CoordinatorNotAvailable, api.Name);
            bed.Logged.Lines.Count.ShouldBe(logged + 1);
            var (level, text, _) = bed.Logged.Lines.Last();
            level.ShouldBe(LogLevel.Error);
            text.ShouldStartWith($"{api.Name} of a Kafka client at /127.0.0.1 ");
            text.ShouldContain("disk I/O error");
        }
    }

    [Fact]
    public async Task An_idempotent_producer_is_not_sent_to_look_for_a_coordinator_that_it_has_not()
    {
        await using var bed = new ApiBed();
        await bed.BreakMetadataAsync();
        var answer = await bed.AskAsync(InitProducerId.Api, 0, w => { w.WriteNullableString(null); w.WriteInt32(1_000); });
        ((KafkaError)OfRequest(answer.Reader())).ShouldBe(KafkaError.CoordinatorLoadInProgress);
    }

    private static short OfRequest(KafkaReader reader)
    {
        reader.ReadInt32();
        return reader.ReadInt16();
    }

    private static short OfGroup(KafkaReader reader)
    {
        (reader.ReadInt32(), reader.ReadArrayLength(), reader.ReadString()).ShouldBe((0, 1, "g"));
        return reader.ReadInt16();
    }

    private static short OfPartition(KafkaReader reader, bool isThrottled)
    {
        if (isThrottled) reader.ReadInt32();
        (reader.ReadArrayLength(), reader.ReadString(), reader.ReadArrayLength(), reader.ReadInt32()).ShouldBe((1, "t", 1, 0));
        return reader.ReadInt16();
    }

    private static void WriteOffset(KafkaWriter w)
    {
        w.WriteArrayLength(1);
        w.WriteString("t");
        w.WriteArrayLength(1);
        w.WriteInt32(0);
        w.WriteInt64(7);
        w.WriteNullableString(null);
    }

    private static void WriteOffsets(KafkaWriter w)
    {
        w.WriteString("g");
        w.WriteInt32(-1);
        w.WriteString("");
        w.WriteInt64(-1);
        WriteOffset(w);
    }

    private static void WriteDeletion(KafkaWriter w)
    {
        w.WriteString("g");
        w.WriteArrayLength(1);
        w.WriteString("t");
        w.WriteInt32Array([0]);
    }

    private void WriteTransactionOffsets(KafkaWriter w)
    {
        w.WriteString("id");
        w.WriteString("g");
        w.WriteInt64(_producerId);
        w.WriteInt16(0);
        WriteOffset(w);
    }

    private void WritePartitions(KafkaWriter w)
    {
        WriteProducer(w);
        w.WriteArrayLength(1);
        w.WriteString("t");
        w.WriteInt32Array([0]);
    }

    private void WriteProducer(KafkaWriter w)
    {
        w.WriteString("id");
        w.WriteInt64(_producerId);
        w.WriteInt16(0);
    }
}

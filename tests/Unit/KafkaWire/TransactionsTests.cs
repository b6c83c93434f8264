using System.Text;
using Sluice.KafkaWire;
using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Transactions;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.Unit.KafkaWire;

public sealed class TransactionsTests
{
    private const short TransactionalBit = 0x10;
    private static readonly TopicPartition s_t0 = new("t", 0);

    [Fact]
    public async Task Records_and_offsets_become_visible_together_with_the_commit()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var producer = await InitAsync(bed);
        await AddAsync(bed, producer);
        (await ProduceAsync(bed, producer, 0, "a")).ShouldBe(KafkaError.None);
        await KeepOffsetAsync(bed, producer, 7);
        (await CommittedAsync(bed, isStableRequired: false)).ShouldBe((KafkaError.None, -1));
        (await CommittedAsync(bed, isStableRequired: true)).ShouldBe((KafkaError.UnstableOffsetCommit, -1));
        (await bed.Log.OffsetsAsync(s_t0, default)).End.ShouldBe(0);
        (await EndAsync(bed, producer, isCommit: true)).ShouldBe(KafkaError.None);
        (await CommittedAsync(bed, isStableRequired: true)).ShouldBe((KafkaError.None, 7));
        (await bed.Log.OffsetsAsync(s_t0, default)).End.ShouldBe(2);
        (await EndAsync(bed, producer, isCommit: true)).ShouldBe(KafkaError.None, "the answer may have been lost");
        (await EndAsync(bed, producer, isCommit: false)).ShouldBe(KafkaError.InvalidTxnState);
    }

    [Fact]
    public async Task An_abort_takes_the_records_and_the_offsets_away()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var producer = await InitAsync(bed);
        await AddAsync(bed, producer);
        await ProduceAsync(bed, producer, 0, "a");
        await KeepOffsetAsync(bed, producer, 7);
        (await EndAsync(bed, producer, isCommit: false)).ShouldBe(KafkaError.None);
        (await CommittedAsync(bed, isStableRequired: true)).ShouldBe((KafkaError.None, -1));
        (await bed.Log.FetchAsync(s_t0, 0, 1 << 20, ReadIsolation.Committed, default)).Aborted.Single().ProducerId.ShouldBe(producer.ProducerId);
    }

    [Fact]
    public async Task A_batch_outside_a_transaction_is_refused()
    {
        await using var bed = await ApiBed.WithTopicAsync(partitions: 2);
        var producer = await InitAsync(bed);
        (await ProduceAsync(bed, producer, 0, "a")).ShouldBe(KafkaError.InvalidTxnState, "the partition was not added");
        await AddAsync(bed, producer);
        (await ProduceAsync(bed, producer, 0, "a")).ShouldBe(KafkaError.None);
        await EndAsync(bed, producer, isCommit: true);
        (await ProduceAsync(bed, producer, 1, "late")).ShouldBe(KafkaError.InvalidTxnState, "the transaction is over");
    }

    [Fact]
    public async Task The_successor_of_a_producer_shuts_it_out_and_aborts_what_it_left()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var zombie = await InitAsync(bed);
        await AddAsync(bed, zombie);
        await ProduceAsync(bed, zombie, 0, "a");
        var next = await InitAsync(bed);
        next.ProducerId.ShouldBe(zombie.ProducerId);
        next.Epoch.ShouldBeGreaterThan(zombie.Epoch);
        (await ProduceAsync(bed, zombie, 1, "b")).ShouldBe(KafkaError.InvalidProducerEpoch);
        (await EndAsync(bed, zombie, isCommit: true)).ShouldBe(KafkaError.ProducerFenced);
        (await EndAsync(bed, zombie, isCommit: true, version: 1)).ShouldBe(KafkaError.InvalidProducerEpoch);
        (await bed.Broker.Transactions.InitAsync("id", 60_000, (zombie.ProducerId, zombie.Epoch))).Error.ShouldBe(KafkaError.ProducerFenced);
        var texts = new List<string>();
        Log.LogFixture.Decode((await bed.Log.ReadAsync(s_t0, 0, 1 << 20, default)).Bytes.Span, 0, texts);
        texts.ShouldBeEmpty();
        await AddAsync(bed, next);
        (await ProduceAsync(bed, next, 0, "c")).ShouldBe(KafkaError.None);
    }

    [Fact]
    public async Task A_producer_goes_on_with_the_epoch_that_follows_its_own()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var first = await InitAsync(bed);
        var second = await bed.Broker.Transactions.InitAsync("id", 60_000, (first.ProducerId, first.Epoch));
        second.ShouldBe(first with { Epoch = 1 });
        (await bed.Broker.Transactions.InitAsync("id", 60_000, (first.ProducerId, first.Epoch))).ShouldBe(second, "asked again because the answer was lost");
    }

    [Fact]
    public async Task A_transaction_that_is_open_too_long_is_aborted_and_its_producer_shut_out()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var producer = await InitAsync(bed, timeoutMs: 5_000);
        await AddAsync(bed, producer);
        await ProduceAsync(bed, producer, 0, "a");
        bed.Time.Advance(TimeSpan.FromSeconds(4.9));
        await bed.Broker.Transactions.CheckAsync();
        bed.Broker.Transactions.Find("id")!.Record.Status.ShouldBe(TransactionStatus.Ongoing);
        bed.Time.Advance(TimeSpan.FromSeconds(0.1));
        await bed.Broker.Transactions.CheckAsync();
        bed.Broker.Transactions.Find("id")!.Record.Status.ShouldBe(TransactionStatus.CompleteAbort);
        (await EndAsync(bed, producer, isCommit: true)).ShouldBe(KafkaError.ProducerFenced);
        (await bed.Log.OffsetsAsync(s_t0, default)).End.ShouldBe(2);
        (await bed.Broker.Transactions.InitAsync("id", 5_000, (producer.ProducerId, producer.Epoch))).ShouldBe(producer with { Epoch = 1 });
    }

    [Theory]
    [InlineData(TransactionStatus.PrepareCommit, 7)]
    [InlineData(TransactionStatus.PrepareAbort, -1)]
    public async Task What_was_decided_before_a_crash_is_completed_after_it(TransactionStatus decision, long offset)
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var producer = await InitAsync(bed);
        await AddAsync(bed, producer);
        await ProduceAsync(bed, producer, 0, "a");
        await KeepOffsetAsync(bed, producer, 7);
        // The process ends right after the decision is on disk.
        await bed.Log.SaveTransactionAsync(bed.Broker.Transactions.Find("id")!.Record with { Status = decision }, [], [], []);
        await bed.ReopenAsync();
        (await bed.Log.OffsetsAsync(s_t0, default)).End.ShouldBe(0);
        await bed.Broker.Transactions.ResumeAsync();
        (await bed.Log.OffsetsAsync(s_t0, default)).End.ShouldBe(2);
        (await CommittedAsync(bed, isStableRequired: true)).ShouldBe((KafkaError.None, offset));
        (await EndAsync(bed, producer, decision == TransactionStatus.PrepareCommit)).ShouldBe(KafkaError.None);
    }

    [Fact]
    public async Task An_open_transaction_goes_on_after_a_restart()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var producer = await InitAsync(bed);
        await AddAsync(bed, producer);
        await ProduceAsync(bed, producer, 0, "a");
        await bed.ReopenAsync();
        await bed.Broker.Transactions.ResumeAsync();
        (await ProduceAsync(bed, producer, 1, "b")).ShouldBe(KafkaError.None);
        (await EndAsync(bed, producer, isCommit: true)).ShouldBe(KafkaError.None);
        (await bed.Log.OffsetsAsync(s_t0, default)).End.ShouldBe(3);
    }

    [Fact]
    public async Task Ids_are_bounded_and_those_unused_for_a_week_are_forgotten()
    {
        await using var bed = new ApiBed(new KafkaOptions { Limits = new KafkaLimits { TransactionalIdsMax = 2 } });
        await bed.AddAsync("t");
        var open = await InitAsync(bed, "a");
        await AddAsync(bed, open, "a");
        await InitAsync(bed, "b");
        await InitAsync(bed, "c");
        bed.Broker.Transactions.All.Select(t => t.Id).Order().ShouldBe(["a", "c"]);
        await AddAsync(bed, await InitAsync(bed, "c"), "c");
        (await bed.Broker.Transactions.InitAsync("d", 60_000, null)).Error.ShouldBe(KafkaError.CoordinatorNotAvailable);
        bed.Time.Advance(TimeSpan.FromDays(8));
        await bed.Broker.Transactions.CheckAsync();
        bed.Time.Advance(TimeSpan.FromDays(8));
        await bed.Broker.Transactions.CheckAsync();
        bed.Broker.Transactions.All.ShouldBeEmpty();
        bed.Log.StoredTransactions().ShouldBeEmpty();
    }

    [Fact]
    public async Task Transactions_and_producers_are_described()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var producer = await InitAsync(bed);
        await AddAsync(bed, producer);
        await ProduceAsync(bed, producer, 0, "a");
        var listed = await bed.AskAsync(ListTransactions.Api, 1, w => { w.WriteArrayLength(1); w.WriteString("Ongoing"); w.WriteArrayLength(0); w.WriteInt64(-1); w.WriteTags(); });
        Encoding.UTF8.GetString(listed.Bytes.Span).ShouldContain("Ongoing");
        var reader = (await bed.AskAsync(DescribeTransactions.Api, 0, w => { w.WriteArrayLength(2); w.WriteString("id"); w.WriteString("none"); w.WriteTags(); })).Reader();
        reader.ReadInt32();
        reader.ReadArrayLength().ShouldBe(2);
        (reader.ReadInt16(), reader.ReadString(), reader.ReadString(), reader.ReadInt32()).ShouldBe(((short)0, "id", "Ongoing", 60_000));
        reader = (await bed.AskAsync(DescribeProducers.Api, 0, w =>
        {
            w.WriteArrayLength(1);
            w.WriteString("t");
            w.WriteInt32Array([0]);
            w.WriteTags();
            w.WriteTags();
        })).Reader();
        reader.ReadInt32();
        reader.ReadArrayLength().ShouldBe(1);
        reader.ReadString().ShouldBe("t");
        reader.ReadArrayLength().ShouldBe(1);
        (reader.ReadInt32(), reader.ReadInt16(), reader.ReadNullableString(), reader.ReadArrayLength()).ShouldBe((0, (short)0, null, 1));
        (reader.ReadInt64(), reader.ReadInt32(), reader.ReadInt32()).ShouldBe((producer.ProducerId, 0, 0));
    }

    internal static async Task<ProducerGrant> InitAsync(ApiBed bed, string id = "id", int timeoutMs = 60_000)
    {
        var grant = await bed.Broker.Transactions.InitAsync(id, timeoutMs, null);
        grant.Error.ShouldBe(KafkaError.None);
        return grant;
    }

    internal static async Task AddAsync(ApiBed bed, ProducerGrant producer, string id = "id")
    {
        var answer = await bed.AskAsync(AddPartitionsToTxn.Api, 3, w =>
        {
            w.WriteString(id);
            w.WriteInt64(producer.ProducerId);
            w.WriteInt16(producer.Epoch);
            w.WriteArrayLength(1);
            w.WriteString("t");
            w.WriteInt32Array([0]);
            w.WriteTags();
            w.WriteTags();
        });
        var reader = answer.Reader();
        (reader.ReadInt32(), reader.ReadArrayLength(), reader.ReadString(), reader.ReadArrayLength()).ShouldBe((0, 1, "t", 1));
        (reader.ReadInt32(), (KafkaError)reader.ReadInt16()).ShouldBe((0, KafkaError.None));
    }

    internal static async Task<KafkaError> ProduceAsync(ApiBed bed, ProducerGrant producer, int sequence, string text)
    {
        var batch = ApiBed.Batch(text).WithProducer(producer.ProducerId, producer.Epoch, sequence).WithAttributes(TransactionalBit);
        var answer = await bed.AskAsync(Produce.Api, 3, w =>
        {
            w.WriteNullableString("id");
            w.WriteInt16(-1);
            w.WriteInt32(1_000);
            w.WriteArrayLength(1);
            w.WriteString("t");
            w.WriteArrayLength(1);
            w.WriteInt32(0);
            w.WriteBytes(batch);
        });
        var reader = answer.Reader();
        (reader.ReadArrayLength(), reader.ReadString(), reader.ReadArrayLength(), reader.ReadInt32()).ShouldBe((1, "t", 1, 0));
        return (KafkaError)reader.ReadInt16();
    }

    private static async Task KeepOffsetAsync(ApiBed bed, ProducerGrant producer, long offset)
    {
        var added = await bed.AskAsync(AddOffsetsToTxn.Api, 0, w =>
        {
            w.WriteString("id");
            w.WriteInt64(producer.ProducerId);
            w.WriteInt16(producer.Epoch);
            w.WriteString("g");
        });
        ErrorOf(added).ShouldBe(KafkaError.None);
        var answer = await bed.AskAsync(TxnOffsetCommit.Api, 3, w =>
        {
            w.WriteString("id");
            w.WriteString("g");
            w.WriteInt64(producer.ProducerId);
            w.WriteInt16(producer.Epoch);
            w.WriteInt32(-1);
            w.WriteString("");
            w.WriteNullableString(null);
            w.WriteArrayLength(1);
            w.WriteString("t");
            w.WriteArrayLength(1);
            w.WriteInt32(0);
            w.WriteInt64(offset);
            w.WriteInt32(-1);
            w.WriteNullableString(null);
            w.WriteTags();
            w.WriteTags();
            w.WriteTags();
        });
        var reader = answer.Reader();
        (reader.ReadInt32(), reader.ReadArrayLength(), reader.ReadString(), reader.ReadArrayLength()).ShouldBe((0, 1, "t", 1));
        (reader.ReadInt32(), (KafkaError)reader.ReadInt16()).ShouldBe((0, KafkaError.None));
    }

    private static async Task<(KafkaError Error, long Offset)> CommittedAsync(ApiBed bed, bool isStableRequired)
    {
        var answer = await bed.AskAsync(OffsetFetch.Api, 7, w =>
        {
            w.WriteString("g");
            w.WriteArrayLength(1);
            w.WriteString("t");
            w.WriteInt32Array([0]);
            w.WriteTags();
            w.WriteBool(isStableRequired);
            w.WriteTags();
        });
        var reader = answer.Reader();
        (reader.ReadInt32(), reader.ReadArrayLength(), reader.ReadString(), reader.ReadArrayLength()).ShouldBe((0, 1, "t", 1));
        reader.ReadInt32().ShouldBe(0);
        var offset = reader.ReadInt64();
        reader.ReadInt32();
        reader.ReadNullableString();
        return ((KafkaError)reader.ReadInt16(), offset);
    }

    internal static async Task<KafkaError> EndAsync(ApiBed bed, ProducerGrant producer, bool isCommit, short version = 3) =>
        ErrorOf(await bed.AskAsync(EndTxn.Api, version, w =>
        {
            w.WriteString("id");
            w.WriteInt64(producer.ProducerId);
            w.WriteInt16(producer.Epoch);
            w.WriteBool(isCommit);
            w.WriteTags();
        }));

    private static KafkaError ErrorOf(Answer answer)
    {
        var reader = answer.Reader();
        reader.ReadInt32();
        return (KafkaError)reader.ReadInt16();
    }
}

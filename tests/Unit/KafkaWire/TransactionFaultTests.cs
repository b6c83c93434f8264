using Microsoft.Data.Sqlite;
using Sluice.KafkaWire;
using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Wire;
using Sluice.Log;
using Sluice.Unit.Log;
using static Sluice.Unit.KafkaWire.TransactionsTests;

namespace Sluice.Unit.KafkaWire;

/// <summary>Transactions whose topic, metadata or partition goes wrong under them.</summary>
public sealed class TransactionFaultTests
{
    private static readonly TopicPartition s_t0 = new("t", 0);

    [Fact]
    public async Task An_id_that_cannot_be_forgotten_does_not_end_the_timeouts_of_others()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        await InitAsync(bed, "idle");
        bed.Time.Advance(TimeSpan.FromDays(8));
        await AddAsync(bed, await InitAsync(bed, "id", timeoutMs: 5_000));
        await ChangeAsync(bed, "CREATE TRIGGER full BEFORE DELETE ON producer_transaction BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END");
        await bed.Broker.Transactions.CheckAsync();
        bed.Broker.Transactions.Find("idle").ShouldNotBeNull();
        bed.Time.Advance(TimeSpan.FromSeconds(5));
        await bed.Broker.Transactions.CheckAsync();
        bed.Broker.Transactions.Find("id")!.Record.Status.ShouldBe(TransactionStatus.CompleteAbort);
        await ChangeAsync(bed, "DROP TRIGGER full");
        await bed.Broker.Transactions.CheckAsync();
        bed.Broker.Transactions.Find("idle").ShouldBeNull();
    }

    [Fact]
    public async Task A_topic_that_takes_the_name_of_a_deleted_one_has_to_be_added_anew_and_ends_with_the_transaction()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var producer = await InitAsync(bed);
        await AddAsync(bed, producer);
        await bed.Log.DeleteTopicAsync("t", default);
        await bed.AddAsync("t");
        (await ProduceAsync(bed, producer, 0, "a")).ShouldBe(KafkaError.InvalidTxnState);
        await AddAsync(bed, producer);
        bed.Log.StoredTransactions().Single().Partitions.ShouldBe([new TransactionPartition(s_t0, bed.Log.FindTopicId(s_t0)!.Value)]);
        (await ProduceAsync(bed, producer, 0, "a")).ShouldBe(KafkaError.None);
        await bed.ReopenAsync();
        await bed.Broker.Transactions.ResumeAsync();
        (await EndAsync(bed, producer, isCommit: true)).ShouldBe(KafkaError.None);
        bed.Log.WatermarksOf(s_t0).ShouldBe(new Watermarks(0, 2, 2));
        (await TextsAsync(bed)).ShouldBe(["a"]);
    }

    [Fact]
    public async Task No_marker_is_written_into_a_topic_that_took_the_name()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var producer = await InitAsync(bed);
        await AddAsync(bed, producer);
        await bed.Log.DeleteTopicAsync("t", default);
        await bed.AddAsync("t");
        (await EndAsync(bed, producer, isCommit: false)).ShouldBe(KafkaError.None);
        bed.Log.WatermarksOf(s_t0).End.ShouldBe(0);
    }

    [Fact]
    public async Task What_is_open_in_a_partition_and_in_no_stored_transaction_is_aborted_at_the_start()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        (await Log.TransactionsTests.WriteAsync(bed.Log, 77, 0, "nobody's", epoch: 3)).Error.ShouldBe(AppendError.None);
        var idempotent = ApiBed.Batch("idempotent").WithProducer(78, 0, 0);
        (await bed.Log.AppendAsync(s_t0, idempotent, default)).Error.ShouldBe(AppendError.None);
        await bed.Log.DeleteRecordsAsync(s_t0, 1, default);
        await bed.ReopenAsync();
        bed.Log.WatermarksOf(s_t0).ShouldBe(new Watermarks(1, 1, 2));
        await bed.Broker.Transactions.ResumeAsync();
        bed.Log.WatermarksOf(s_t0).ShouldBe(new Watermarks(1, 3, 3), "one marker, for the one that was open");
        (await TextsAsync(bed, from: 1)).ShouldBe(["idempotent"]);
        await bed.Broker.Transactions.ResumeAsync();
        bed.Log.WatermarksOf(s_t0).End.ShouldBe(3);
    }

    [Fact]
    public async Task An_open_transaction_that_has_lost_a_partition_is_aborted_as_a_whole()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var producer = await InitAsync(bed);
        await AddAsync(bed, producer);
        await ProduceAsync(bed, producer, 0, "a");
        await ChangeAsync(bed, "DELETE FROM transaction_partition");
        await bed.ReopenAsync();
        await bed.Broker.Transactions.ResumeAsync();
        (await EndAsync(bed, producer, isCommit: true)).ShouldBe(KafkaError.ProducerFenced);
        bed.Log.WatermarksOf(s_t0).ShouldBe(new Watermarks(0, 2, 2));
        (await TextsAsync(bed)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_new_id_at_the_bound_pushes_out_the_tenth_that_was_used_longest_ago()
    {
        await using var bed = new ApiBed(new KafkaOptions { Limits = new KafkaLimits { TransactionalIdsMax = 20 } });
        await bed.AddAsync("t");
        for (var i = 0; i < 20; i++)
        {
            await InitAsync(bed, $"{i}");
            bed.Time.Advance(TimeSpan.FromSeconds(1));
        }

        var used = await bed.Broker.Transactions.InitAsync("0", 60_000, null);
        await InitAsync(bed, "new");
        string[] left = ["0", .. Enumerable.Range(3, 17).Select(i => $"{i}"), "new"];
        bed.Broker.Transactions.All.Select(t => t.Id).ShouldBe(left, ignoreOrder: true);
        bed.Log.StoredTransactions().Select(t => t.Record.Id).ShouldBe(left, ignoreOrder: true);
        await AddAsync(bed, used, "0");
    }

    [Theory]
    [InlineData(0, 2L, 1_700_000_000_000L)]
    [InlineData(1, 2L, 1_700_000_000_000L)]
    public async Task The_largest_timestamp_of_a_transactional_topic_is_that_of_a_record(sbyte isolation, long offset, long timestampMs)
    {
        await using var bed = await ApiBed.WithTopicAsync();
        (await Log.TransactionsTests.WriteAsync(bed.Log, 1, 0, "older")).Error.ShouldBe(AppendError.None);
        await Log.TransactionsTests.EndAsync(bed.Log, 1, isCommit: true);
        var producer = await InitAsync(bed);
        await AddAsync(bed, producer);
        await ProduceAsync(bed, producer, 0, "a");
        await EndAsync(bed, producer, isCommit: true);
        var reader = (await bed.AskAsync(ListOffsets.Api, 7, w =>
        {
            w.WriteInt32(-1);
            w.WriteInt8(isolation);
            w.WriteArrayLength(1);
            w.WriteString("t");
            w.WriteArrayLength(1);
            w.WriteInt32(0);
            w.WriteInt32(-1);
            w.WriteInt64(-3);
            w.WriteTags();
            w.WriteTags();
            w.WriteTags();
        })).Reader();
        (reader.ReadInt32(), reader.ReadArrayLength(), reader.ReadString(), reader.ReadArrayLength()).ShouldBe((0, 1, "t", 1));
        (reader.ReadInt32(), (KafkaError)reader.ReadInt16()).ShouldBe((0, KafkaError.None));
        (reader.ReadInt64(), reader.ReadInt64()).ShouldBe((timestampMs, offset));
    }

    private static async Task<List<string>> TextsAsync(ApiBed bed, long from = 0)
    {
        var texts = new List<string>();
        LogFixture.Decode((await bed.Log.ReadAsync(s_t0, from, 1 << 20, default)).Bytes.Span, from, texts);
        return texts;
    }

    private static async Task ChangeAsync(ApiBed bed, string sql)
    {
        await using var database = new SqliteConnection($"Data Source={Path.Combine(bed.Log.Directory, "metadata.db")};Pooling=False");
        await database.OpenAsync();
        await using var command = database.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}

using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Bytes;
using Sluice.Log;
using Sluice.Testing;
using Sluice.Unit.KafkaWire;

namespace Sluice.Unit.Log;

public sealed class TransactionsTests
{
    private const short TransactionalBit = 0x10;

    [Fact]
    public async Task Readers_wait_before_an_open_transaction_and_see_it_once_it_is_committed()
    {
        await using var log = await LogFixture.OpenAsync();
        await log.AppendAsync("plain");
        await WriteAsync(log.Log, 1, 0, "a");
        await log.AppendAsync("behind");
        log.Log.WatermarksOf(LogFixture.T0).ShouldBe(new Watermarks(0, 1, 3));
        (await log.ReadAsync()).ShouldBe(["plain"]);
        var news = log.Log.WaitForRecordsAsync(LogFixture.T0, 1, default);
        news.IsCompleted.ShouldBeFalse();
        await EndAsync(log.Log, 1, isCommit: true);
        await news;
        (await log.ReadAsync()).ShouldBe(["plain", "a", "behind"]);
        log.Log.WatermarksOf(LogFixture.T0).ShouldBe(new Watermarks(0, 4, 4));
    }

    [Fact]
    public async Task An_aborted_record_is_never_read_and_reading_goes_on_behind_it()
    {
        await using var log = await LogFixture.OpenAsync();
        await WriteAsync(log.Log, 1, 0, "aborted");
        await WriteAsync(log.Log, 2, 0, "committed");
        await WriteAsync(log.Log, 1, 1, "aborted too");
        await EndAsync(log.Log, 1, isCommit: false);
        await EndAsync(log.Log, 2, isCommit: true);
        await WriteAsync(log.Log, 1, 2, "next");
        await EndAsync(log.Log, 1, isCommit: true);
        (await log.ReadAsync()).ShouldBe(["committed", "next"]);
        (await log.ReadAsync(bytesMax: 1)).ShouldBe(["committed", "next"]);
        (await log.ReadAsync(from: 2)).ShouldBe(["next"]);
        var all = await log.Log.FetchAsync(LogFixture.T0, 0, 1 << 20, ReadIsolation.Committed, default);
        all.Aborted.ShouldBe([new AbortedTransaction(1, 0, 3, 1)]);
        var texts = new List<string>();
        LogFixture.Decode(all.Bytes.Span, 0, texts);
        texts.ShouldBe(["aborted", "committed", "aborted too", "next"], "the wire gets the batches as they are");
        (await log.Log.FetchAsync(LogFixture.T0, 4, 1 << 20, ReadIsolation.Committed, default)).Aborted.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Open_and_aborted_transactions_are_the_same_after_a_crash(bool isNoted, bool isDamaged)
    {
        await using var log = await LogFixture.OpenAsync(1, ("segment.bytes", "600"));
        for (var i = 0; i < 6; i++)
        {
            await WriteAsync(log.Log, 1, i, $"aborted {i}");
            await WriteAsync(log.Log, 2, i, $"committed {i}");
            await EndAsync(log.Log, 1, isCommit: false);
            await EndAsync(log.Log, 2, isCommit: true);
            if (isNoted && i == 4) await log.Log.MaintainAsync();
        }

        await WriteAsync(log.Log, 3, 0, "open");
        await log.AppendAsync("hidden");
        log.Files(".txnindex").Length.ShouldBeGreaterThan(1);
        using var folder = new TemporaryFolder();
        // A copy of the files as they lie is what a killed process leaves.
        folder.CopyOf(log.Root);
        if (isDamaged) await DamageAsync(Path.Combine(folder.Path, "t-0", "producers"));
        await using var after = EmbeddedLog.Open(new EmbeddedLogOptions { Directory = folder.Path }, OsFileSystem.Instance, log.Time, NullLogger.Instance);
        after.WatermarksOf(LogFixture.T0).ShouldBe(log.Log.WatermarksOf(LogFixture.T0));
        (await TextsAsync(after)).ShouldBe(Enumerable.Range(0, 6).Select(i => $"committed {i}"));
        (await WriteAsync(after, 1, 5, "a copy")).BaseOffset.ShouldBe(20, "copies are known");
        await EndAsync(after, 3, isCommit: true);
        (await TextsAsync(after)).TakeLast(2).ShouldBe(["open", "hidden"]);
    }

    [Fact]
    public async Task A_marker_that_comes_again_is_answered_and_not_written()
    {
        await using var log = await LogFixture.OpenAsync();
        await WriteAsync(log.Log, 1, 0, "a");
        await EndAsync(log.Log, 1, isCommit: true);
        await EndAsync(log.Log, 1, isCommit: true);
        log.Log.WatermarksOf(LogFixture.T0).End.ShouldBe(2);
    }

    [Fact]
    public async Task A_marker_of_a_new_epoch_shuts_out_the_old_one()
    {
        await using var log = await LogFixture.OpenAsync();
        await WriteAsync(log.Log, 1, 0, "a");
        (await MarkAsync(log.Log, new TransactionMarker(1, 1, IsCommit: false))).Error.ShouldBe(AppendError.None);
        (await WriteAsync(log.Log, 1, 1, "late")).Error.ShouldBe(AppendError.FencedProducer);
        (await MarkAsync(log.Log, new TransactionMarker(1, 0, IsCommit: true))).Error.ShouldBe(AppendError.FencedProducer);
        (await WriteAsync(log.Log, 1, 0, "new", epoch: 1)).Error.ShouldBe(AppendError.None);
        var producer = (await log.Log.ProducersOfAsync(LogFixture.T0, default)).Single();
        producer.ShouldBe(new ActiveProducer(1, 1, 0, log.NowMs, 0, 2));
    }

    [Fact]
    public async Task What_is_no_part_of_the_open_transaction_is_refused()
    {
        await using var log = await LogFixture.OpenAsync();
        await WriteAsync(log.Log, 1, 0, "a");
        var outside = LogFixture.Batch(1_000, "b").WithProducer(1, 0, 1);
        (await log.Log.AppendAsync(LogFixture.T0, outside, default)).Error.ShouldBe(AppendError.InvalidTransactionState);
        (await WriteAsync(log.Log, 1, 0, "b", epoch: 1)).Error.ShouldBe(AppendError.InvalidTransactionState);
        (await log.Log.AppendAsync(LogFixture.T0, LogFixture.Batch(1, "x").WithAttributes(TransactionalBit), default)).Error.ShouldBe(AppendError.CorruptMessage);
        var control = LogFixture.Batch(1, "x").WithProducer(1, 0, 1).WithAttributes(TransactionalBit | 0x20);
        (await log.Log.AppendAsync(LogFixture.T0, control, default)).Error.ShouldBe(AppendError.CorruptMessage);
    }

    [Fact]
    public async Task Retention_moves_the_last_stable_offset_with_the_start()
    {
        await using var log = await LogFixture.OpenAsync();
        await WriteAsync(log.Log, 1, 0, "a");
        await log.AppendAsync("b");
        (await log.Log.DeleteRecordsAsync(LogFixture.T0, 2, default)).ShouldBe(2);
        log.Log.WatermarksOf(LogFixture.T0).ShouldBe(new Watermarks(2, 2, 2));
        await EndAsync(log.Log, 1, isCommit: false);
        await log.AppendAsync("c");
        (await log.ReadAsync(from: 2)).ShouldBe(["c"]);
    }

    [Fact]
    public async Task Many_aborts_in_one_segment_roll_it()
    {
        await using var log = new LogFixture();
        log.Open(new EmbeddedLogOptions { Directory = "", Limits = new LogLimits { AbortedPerSegmentMax = 3 } });
        await log.CreateAsync("t", 1);
        for (var i = 0; i < 10; i++)
        {
            await WriteAsync(log.Log, 1, i, $"{i}");
            await EndAsync(log.Log, 1, isCommit: false);
        }

        log.Files(".log").Length.ShouldBeGreaterThan(2);
        (await log.ReadAsync()).ShouldBeEmpty();
        (await log.Log.FetchAsync(LogFixture.T0, 0, 1 << 20, ReadIsolation.Committed, default)).Aborted.Count.ShouldBe(10);
    }

    internal static async Task<AppendResult> WriteAsync(EmbeddedLog log, long producer, int sequence, string text, short epoch = 0)
    {
        var builder = new RecordBatchBuilder();
        builder.Append(1_000, RecordBytes.Null, RecordBytes.Of(Encoding.UTF8.GetBytes(text)));
        var batch = builder.Build().ToArray().WithProducer(producer, epoch, sequence).WithAttributes(TransactionalBit);
        return await log.AppendAsync(LogFixture.T0, batch, default);
    }

    internal static async Task EndAsync(EmbeddedLog log, long producer, bool isCommit, short epoch = 0) =>
        (await MarkAsync(log, new TransactionMarker(producer, epoch, isCommit))).Error.ShouldBe(AppendError.None);

    internal static Task<AppendResult> MarkAsync(EmbeddedLog log, TransactionMarker marker) =>
        log.AppendMarkerAsync(new TransactionPartition(LogFixture.T0, log.FindTopicId(LogFixture.T0)!.Value), marker, default).AsTask();

    private static async Task<List<string>> TextsAsync(EmbeddedLog log)
    {
        var texts = new List<string>();
        for (long at = 0; ;)
        {
            var fetched = await log.ReadAsync(LogFixture.T0, at, 200, default);
            if (fetched.Bytes.IsEmpty) return texts;
            at = LogFixture.Decode(fetched.Bytes.Span, at, texts);
        }
    }

    private static async Task DamageAsync(string file)
    {
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[10] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);
    }
}

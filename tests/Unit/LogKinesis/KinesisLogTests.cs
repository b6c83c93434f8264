using Microsoft.Extensions.Time.Testing;
using Sluice.Log;
using Sluice.Log.Kinesis;
using Sluice.Testing;

namespace Sluice.Unit.LogKinesis;

/// <summary>Offsets over sequence numbers: what is promised when the process starts anew, and when records or positions are gone.</summary>
public sealed class KinesisLogTests : IAsyncDisposable
{
    private static readonly TopicPartition s_shard = new(FakeKinesis.Stream, 0);
    private readonly TemporaryFolder _folder = new();
    private FakeKinesis _kinesis = null!;

    private string Positions => _folder.At("positions.db");

    public async ValueTask DisposeAsync()
    {
        if (_kinesis is not null) await _kinesis.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public async Task Records_are_read_whole_and_in_order_whatever_the_pages(int pageSize)
    {
        await using var log = await OpenAsync(records: 100);
        _kinesis.PageSize = pageSize;
        (await NumbersAsync(log, 0)).ShouldBe(Enumerable.Range(0, 100));
        (await log.OffsetsAsync(s_shard, default)).ShouldBe(new PartitionOffsets(0, 100));
        var first = await FirstAsync(log, 42);
        (first.Key, first.Number, first.TimestampMs).ShouldBe(("key-42", 42, 1_800_000_000_042));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    [InlineData(59)]
    [InlineData(60)]
    public async Task A_new_process_continues_at_the_offset_that_was_committed(int committed)
    {
        await using (var first = await OpenAsync(records: 60))
        {
            _kinesis.PageSize = 7;
            (await NumbersAsync(first, 0)).Count.ShouldBe(60);
            await first.CommitOffsetsAsync("job", [new CommittedOffset(s_shard, committed, "m")], default);
        }

        _kinesis.AddNumbered(40);
        await using var second = Reopen();
        var offset = (await second.CommittedOffsetsAsync("job", default)).ShouldHaveSingleItem().Offset;
        (await NumbersAsync(second, offset)).ShouldBe(Enumerable.Range(committed, 100 - committed));
    }

    [Fact]
    public async Task A_reader_may_go_back_and_forth()
    {
        await using var log = await OpenAsync(records: 50);
        _kinesis.PageSize = 5;
        foreach (var offset in new[] { 0, 49, 3, 20, 19, 50, 0 }) (await NumbersAsync(log, offset)).ShouldBe(Enumerable.Range(offset, 50 - offset));
    }

    [Fact]
    public async Task An_offset_that_the_positions_do_not_know_is_refused_with_the_remedy()
    {
        await using var log = await OpenAsync(records: 10);
        var fault = await Should.ThrowAsync<PositionUnknownException>(async () => await log.ReadAsync(s_shard, 5, 1000, default));
        fault.Message.ShouldContain(Positions);
        fault.Message.ShouldContain("Restore the file");
    }

    [Fact]
    public async Task Records_that_retention_took_before_they_were_read_are_said_to_be_gone()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_000));
        await using (var first = await OpenAsync(records: 10, time)) (await NumbersAsync(first, 0)).Count.ShouldBe(10);
        _kinesis.AddNumbered(10);
        _kinesis.Trimmed = 15;
        time.Advance(TimeSpan.FromHours(25));
        await using var second = Reopen(time);
        await Should.ThrowAsync<OffsetOutOfRangeException>(async () => await second.ReadAsync(s_shard, 10, 1000, default));
        var start = (await second.OffsetsAsync(s_shard, default)).Start;
        start.ShouldBe(11);
        (await NumbersAsync(second, start)).ShouldBe(Enumerable.Range(15, 5));
    }

    [Fact]
    public async Task A_quiet_shard_is_not_taken_for_a_lost_one()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_000));
        await using (var first = await OpenAsync(records: 10, time))
        {
            (await NumbersAsync(first, 0)).Count.ShouldBe(10);
            _kinesis.Trimmed = 10;
            for (var hour = 0; hour < 30; hour++)
            {
                time.Advance(TimeSpan.FromHours(1));
                (await first.ReadAsync(s_shard, 10, 1000, default)).Bytes.IsEmpty.ShouldBeTrue();
            }
        }

        _kinesis.AddNumbered(2);
        await using var second = Reopen(time);
        (await NumbersAsync(second, 10)).ShouldBe([10, 11]);
    }

    [Fact]
    public async Task Going_back_to_a_record_that_is_gone_is_out_of_range()
    {
        await using (var first = await OpenAsync(records: 30)) (await NumbersAsync(first, 0)).Count.ShouldBe(30);
        _kinesis.Trimmed = 4;
        await using var second = Reopen();
        var fault = await Should.ThrowAsync<OffsetOutOfRangeException>(async () => await second.ReadAsync(s_shard, 2, 1000, default));
        fault.Message.ShouldContain("[30, 30]");
        _kinesis.AddNumbered(1);
        (await NumbersAsync(second, 30)).ShouldBe([30]);
    }

    [Fact]
    public async Task A_stream_that_was_made_anew_begins_anew()
    {
        await using (var first = await OpenAsync(records: 30))
        {
            var before = await first.FindTopicAsync(FakeKinesis.Stream, default);
            (await NumbersAsync(first, 0)).Count.ShouldBe(30);
            _kinesis.Created = "1700000009.5";
            (await first.FindTopicAsync(FakeKinesis.Stream, default))!.Id.ShouldNotBe(before!.Id);
        }

        await using var second = Reopen();
        (await NumbersAsync(second, 0)).Count.ShouldBe(30);
    }

    [Theory]
    [InlineData("ProvisionedThroughputExceededException")]
    [InlineData("LimitExceededException")]
    [InlineData("InternalFailure")]
    public async Task What_passes_is_tried_again(string error)
    {
        await using var log = await OpenAsync(records: 20);
        var requests = 0;
        _kinesis.Refuse = _ => requests++ % 3 < 2 ? error : null;
        (await NumbersAsync(log, 0)).ShouldBe(Enumerable.Range(0, 20));
    }

    [Fact]
    public async Task What_does_not_pass_names_the_action_and_the_error()
    {
        await using var log = await OpenAsync(records: 20);
        _kinesis.Refuse = action => action == "GetRecords" ? "AccessDeniedException" : null;
        var fault = await Should.ThrowAsync<KinesisException>(async () => await log.ReadAsync(s_shard, 0, 1000, default));
        fault.Message.ShouldBe("Kinesis answered GetRecords with AccessDeniedException: as told");
        _kinesis.Count("GetRecords").ShouldBe(1);
        _kinesis.Refuse = action => action == "GetRecords" ? "ProvisionedThroughputExceededException" : null;
        (await Should.ThrowAsync<KinesisException>(async () => await log.ReadAsync(s_shard, 0, 1000, default))).Code.ShouldBe("ProvisionedThroughputExceededException");
    }

    [Fact]
    public async Task An_iterator_that_expired_is_replaced()
    {
        await using var log = await OpenAsync(records: 30);
        _kinesis.PageSize = 10;
        var fetches = 0;
        _kinesis.Refuse = action => action == "GetRecords" && ++fetches % 2 == 0 ? "ExpiredIteratorException" : null;
        (await NumbersAsync(log, 0)).ShouldBe(Enumerable.Range(0, 30));
    }

    [Fact]
    public async Task Waiting_ends_with_a_record_and_with_the_shard()
    {
        await using var log = await OpenAsync(records: 3);
        await log.WaitForRecordsAsync(s_shard, 0, default);
        var waiting = log.WaitForRecordsAsync(s_shard, 3, default).AsTask();
        (await log.OffsetsAsync(s_shard, default)).End.ShouldBe(3);
        waiting.IsCompleted.ShouldBeFalse();
        _kinesis.AddNumbered(1);
        await waiting;
        var closing = log.WaitForRecordsAsync(s_shard, 4, default).AsTask();
        _kinesis.IsClosed = true;
        await closing;
        (await log.PartitionsAsync(FakeKinesis.Stream, default)).ShouldHaveSingleItem().IsClosed.ShouldBeTrue();
        (await log.ReadAsync(s_shard, 4, 1000, default)).Bytes.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public async Task A_closed_shard_that_was_read_to_its_end_is_never_lost()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_000));
        await using (var first = await OpenAsync(records: 3, time))
        {
            _kinesis.IsClosed = true;
            (await NumbersAsync(first, 0)).ShouldBe([0, 1, 2]);
        }

        time.Advance(TimeSpan.FromDays(9));
        _kinesis.Refuse = action => action is "GetShardIterator" or "GetRecords" ? "ResourceNotFoundException" : null;
        await using var second = Reopen(time);
        (await second.ReadAsync(s_shard, 3, 1000, default)).Bytes.IsEmpty.ShouldBeTrue();
        (await second.OffsetsAsync(s_shard, default)).End.ShouldBe(3);
        await second.WaitForRecordsAsync(s_shard, 3, default);
    }

    [Theory]
    [InlineData(false, 1000)]
    [InlineData(true, 1000)]
    [InlineData(true, 0)]
    public async Task Pages_without_records_are_no_end(bool isClosed, int behindMs)
    {
        await using var log = await OpenAsync(records: 3);
        (_kinesis.IsClosed, _kinesis.EmptyPages, _kinesis.EmptyBehindMs) = (isClosed, 4, behindMs);
        (await log.PartitionsAsync(FakeKinesis.Stream, default)).ShouldHaveSingleItem().IsClosed.ShouldBe(isClosed);
        (await NumbersAsync(log, 0)).ShouldBe([0, 1, 2]);
    }

    [Theory]
    [InlineData(false, 1000)]
    [InlineData(true, 1000)]
    [InlineData(true, 0)]
    public async Task Pages_without_records_are_counted_and_searched_through(bool isClosed, int behindMs)
    {
        await using var log = await OpenAsync(records: 3);
        (_kinesis.IsClosed, _kinesis.EmptyPages, _kinesis.EmptyBehindMs) = (isClosed, 4, behindMs);
        await log.PartitionsAsync(FakeKinesis.Stream, default);
        (await log.OffsetForTimestampAsync(s_shard, 1_800_000_000_001, default)).ShouldBe(1);
        await using var other = KinesisLog.Open(_kinesis.Options(_folder.At("other.db")), TimeProvider.System);
        await other.PartitionsAsync(FakeKinesis.Stream, default);
        _kinesis.EmptyPages = 4;
        (await other.OffsetsAsync(s_shard, default)).End.ShouldBe(3);
    }

    [Fact]
    public async Task What_was_put_between_the_last_page_and_the_end_of_the_shard_is_read()
    {
        // The clock stands still: the shard is closed within the pause after the page that showed its end.
        await using var log = await OpenAsync(records: 1, new FakeTimeProvider());
        (await log.ReadAsync(s_shard, 0, 1000, default)).Offsets.End.ShouldBe(1);
        _kinesis.AddNumbered(1);
        _kinesis.IsClosed = true;
        await log.PartitionsAsync(FakeKinesis.Stream, default);
        (await NumbersAsync(log, 1)).ShouldBe([1]);
    }

    [Fact]
    public async Task Pages_without_records_are_asked_for_no_faster_than_a_shard_allows()
    {
        var time = new FakeTimeProvider();
        _kinesis = await FakeKinesis.StartAsync();
        _kinesis.AddNumbered(1);
        _kinesis.EmptyPages = 3;
        var asked = new List<DateTimeOffset>();
        _kinesis.Refuse = action =>
        {
            if (action == "GetRecords") asked.Add(time.GetUtcNow());
            return null;
        };
        var interval = TimeSpan.FromMilliseconds(250);
        var options = _kinesis.Options(Positions);
        await using var log = KinesisLog.Open(options with { Limits = options.Limits with { PollInterval = interval, AttemptTimeout = TimeSpan.FromHours(1) } }, time);
        var reading = log.ReadAsync(s_shard, 0, 1000, default).AsTask();
        while (!await EndsWithinAsync(reading, milliseconds: 5)) time.Advance(interval / 2);
        (await reading).Offsets.End.ShouldBe(1);
        asked.Count.ShouldBe(4);
        for (var i = 1; i < asked.Count; i++) (asked[i] - asked[i - 1]).ShouldBeGreaterThanOrEqualTo(interval);
    }

    [Fact]
    public async Task Reading_on_through_pages_without_records_can_be_given_up()
    {
        await using var log = await OpenAsync(records: 1);
        _kinesis.EmptyPages = int.MaxValue;
        using var patience = new CancellationTokenSource();
        _kinesis.Refuse = action =>
        {
            if (_kinesis.Count("GetRecords") == 5) patience.Cancel();
            return null;
        };
        await Should.ThrowAsync<OperationCanceledException>(async () => await log.ReadAsync(s_shard, 0, 1000, patience.Token));
        _kinesis.EmptyPages = 0;
        (await NumbersAsync(log, 0)).ShouldBe([0]);
    }

    [Fact]
    public async Task A_late_list_of_shards_does_not_undo_a_newer_one()
    {
        await using var log = await OpenAsync(records: 0);
        var (made, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        _kinesis.BeforeSending = action =>
        {
            if (action != "ListShards" || !made.TrySetResult()) return Task.CompletedTask;
            return release.Task;
        };
        var older = log.PartitionsAsync(FakeKinesis.Stream, default).AsTask();
        await made.Task;
        _kinesis.IsSplit = true;
        var newer = log.PartitionsAsync(FakeKinesis.Stream, default).AsTask();
        // Long enough for the newer list to overtake the older one, if it can.
        await EndsWithinAsync(newer, milliseconds: 200);
        release.SetResult();
        (await older).Select(shard => shard.IsClosed).ShouldBe([false]);
        (await newer).Select(shard => shard.IsClosed).ShouldBe([true, false, false]);
        (await log.ReadAsync(new TopicPartition(FakeKinesis.Stream, 1), 0, 1000, default)).Bytes.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public async Task A_moment_finds_the_first_record_from_then_on()
    {
        await using var log = await OpenAsync(records: 100);
        _kinesis.PageSize = 9;
        (await log.OffsetForTimestampAsync(s_shard, 0, default)).ShouldBe(0);
        (await log.OffsetForTimestampAsync(s_shard, 1_800_000_000_077, default)).ShouldBe(77);
        (await log.OffsetForTimestampAsync(s_shard, 1_800_000_000_100, default)).ShouldBeNull();
    }

    [Fact]
    public async Task An_origin_in_time_is_offset_zero_now_and_later()
    {
        _kinesis = await FakeKinesis.StartAsync();
        _kinesis.AddNumbered(10);
        var options = _kinesis.Options(Positions) with { Origin = DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_006) };
        await using (var first = KinesisLog.Open(options, TimeProvider.System)) (await NumbersAsync(first, 0)).ShouldBe([6, 7, 8, 9]);
        await using var second = KinesisLog.Open(options with { Origin = null }, TimeProvider.System);
        (await NumbersAsync(second, 0)).ShouldBe([6, 7, 8, 9]);
    }

    private static async Task<bool> EndsWithinAsync(Task task, int milliseconds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System);
        try
        {
            await task.WaitAsync(patience.Token);
            return true;
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            return task.IsCompleted;
        }
    }

    private async Task<KinesisLog> OpenAsync(int records, TimeProvider? time = null)
    {
        _kinesis = await FakeKinesis.StartAsync();
        _kinesis.AddNumbered(records);
        return Reopen(time);
    }

    private KinesisLog Reopen(TimeProvider? time = null) => KinesisLog.Open(_kinesis.Options(Positions), time ?? TimeProvider.System);

    /// <summary>The records from an offset to the end, each at the offset it should have.</summary>
    private static async Task<List<int>> NumbersAsync(KinesisLog log, long offset)
    {
        var numbers = new List<int>();
        while (true)
        {
            var read = await log.ReadAsync(s_shard, offset, 1 << 20, default);
            if (read.Bytes.IsEmpty) return numbers;
            numbers.AddRange(Read(read, ref offset).Select(record => record.Number));
        }
    }

    private static async Task<(string Key, int Number, long TimestampMs)> FirstAsync(KinesisLog log, long offset) =>
        Read(await log.ReadAsync(s_shard, offset, 1 << 20, default), ref offset)[0];

    private static List<(string Key, int Number, long TimestampMs)> Read(FetchedBatches batches, ref long offset)
    {
        var found = new List<(string, int, long)>();
        var records = new RecordReader(batches.Bytes.Span, offset);
        while (records.MoveNext())
        {
            records.Offset.ShouldBe(offset++);
            found.Add((System.Text.Encoding.UTF8.GetString(records.Key.Span), BitConverter.ToInt32(records.Value.Span), records.TimestampMs));
        }

        return found;
    }
}

using System.Text;
using Sluice.Log;

namespace Sluice.Conformance.LogKafka;

/// <summary>What every log promises, whatever holds its records.</summary>
public abstract class LogConformance : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>The log, empty when a test begins.</summary>
    protected ILog Log { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Log = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        if (Log is not null) await Log.DisposeAsync();
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_appended_to_a_partition_is_read_from_it_in_order()
    {
        await Log.MakeTopicAsync("t", 2);
        for (var p = 0; p < 2; p++)
        {
            (await Log.AppendAsync(new("t", p), Batches.Of(0, 500, $"p{p}-"), default)).ShouldBe(new AppendResult(AppendError.None, 0));
            (await Log.AppendAsync(new("t", p), Batches.Of(500, 1, $"p{p}-"), default)).BaseOffset.ShouldBe(500);
        }

        for (var p = 0; p < 2; p++)
        {
            var read = await Log.ReadAllAsync(new("t", p), 0);
            read.Select(r => (r.Offset, r.Value)).ShouldBe(Enumerable.Range(0, 501).Select(n => ((long)n, (string?)$"p{p}-{n}")));
            read.ShouldAllBe(r => r.Key == $"key of {r.Value}" && r.TimestampMs == 1_700_000_000_000 + r.Offset);
            (await Log.ReadAllAsync(new("t", p), 250)).Select(r => r.Offset).ShouldBe(Enumerable.Range(250, 251).Select(n => (long)n));
            (await Log.OffsetsAsync(new("t", p), default)).ShouldBe(new PartitionOffsets(0, 501));
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Partitions_that_nobody_shares_are_all_this_process_s()
    {
        await Log.MakeTopicAsync("t", 2);
        (await Log.OwnedPartitionsAsync(["t"], default)).ShouldBeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task Nulls_empty_texts_and_headers_come_back_as_they_were()
    {
        await Log.MakeTopicAsync("t");
        var builder = new RecordBatchBuilder();
        builder.Append(5, RecordBytes.Null, RecordBytes.Null);
        builder.Append(6, RecordBytes.Of([]), RecordBytes.Of([]));
        builder.Append(7, RecordBytes.Of("k"u8), RecordBytes.Of("v"u8), [new RecordHeader("a", [1, 2]), new RecordHeader("a", null), new RecordHeader("b", [])]);
        (await Log.AppendAsync(new("t", 0), builder.Build(), default)).Error.ShouldBe(AppendError.None);
        Batches.Read((await Log.ReadAsync(new("t", 0), 0, 1 << 20, default)).Bytes.Span, 0).Select(r => (r.Key, r.Value, r.TimestampMs, r.Headers)).ShouldBe(
            [(null, null, 5, ""), ("", "", 6, ""), ("k", "v", 7, "a=0102 a=null b=")]);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_topic_is_made_once_found_listed_and_deleted()
    {
        (await Log.FindTopicAsync("b.1", default)).ShouldBeNull();
        (await Log.PartitionsAsync("b.1", default)).ShouldBeEmpty();
        var made = await Log.MakeTopicAsync("b.1", 3);
        (made.Name, made.PartitionCount).ShouldBe(("b.1", 3));
        await Should.ThrowAsync<TopicExistsException>(async () => await Log.MakeTopicAsync("b.1"));
        await Log.MakeTopicAsync("a");
        (await Log.ListTopicsAsync(default)).Select(t => (t.Name, t.PartitionCount)).ShouldBe([("a", 1), ("b.1", 3)]);
        (await Log.FindTopicAsync("b.1", default))!.Id.ShouldBe(made.Id);
        (await Log.PartitionsAsync("b.1", default)).Select(p => (p.Partition, p.Name, p.IsClosed)).ShouldBe([(0, "0", false), (1, "1", false), (2, "2", false)]);
        (await Log.DeleteTopicAsync("b.1", default)).ShouldBeTrue();
        (await Log.DeleteTopicAsync("b.1", default)).ShouldBeFalse();
        (await Log.ListTopicsAsync(default)).Select(t => t.Name).ShouldBe(["a"]);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_partition_that_is_not_there_is_told_apart()
    {
        await Log.MakeTopicAsync("t");
        foreach (var missing in (TopicPartition[])[new("none", 0), new("t", 1), new("t", -1)])
        {
            (await Log.AppendAsync(missing, Batches.Of(0, 1), default)).ShouldBe(new AppendResult(AppendError.UnknownTopicOrPartition, -1));
            await Should.ThrowAsync<UnknownTopicPartitionException>(async () => await Log.ReadAsync(missing, 0, 1, default));
            await Should.ThrowAsync<UnknownTopicPartitionException>(async () => await Log.OffsetsAsync(missing, default));
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task An_offset_out_of_range_is_told_apart_and_the_end_is_in_range()
    {
        await Log.MakeTopicAsync("t");
        await Log.AppendAsync(new("t", 0), Batches.Of(0, 10), default);
        (await Log.ReadAsync(new("t", 0), 10, 1 << 20, default)).Bytes.IsEmpty.ShouldBeTrue();
        await Should.ThrowAsync<OffsetOutOfRangeException>(async () => await Log.ReadAsync(new("t", 0), 11, 1 << 20, default));
        await Should.ThrowAsync<OffsetOutOfRangeException>(async () => await Log.ReadAsync(new("t", 0), -1, 1 << 20, default));
        (await Log.ReadAllAsync(new("t", 0), 9)).Count.ShouldBe(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_first_record_of_a_time_is_found()
    {
        await Log.MakeTopicAsync("t");
        await Log.AppendAsync(new("t", 0), Batches.Of(0, 10), default);
        (await Log.OffsetForTimestampAsync(new("t", 0), 0, default)).ShouldBe(0);
        (await Log.OffsetForTimestampAsync(new("t", 0), 1_700_000_000_004, default)).ShouldBe(4);
        (await Log.OffsetForTimestampAsync(new("t", 0), 1_700_000_000_010, default)).ShouldBeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_was_acknowledged_is_read_at_once()
    {
        await Log.MakeTopicAsync("t");
        for (var n = 0; n < 100; n++)
        {
            var (_, offset) = await Log.AppendAsync(new("t", 0), Batches.Of(n, 1), default);
            offset.ShouldBe(n);
            Batches.Read((await Log.ReadAsync(new("t", 0), offset, 1 << 20, default)).Bytes.Span, offset).Select(r => r.Value).ShouldBe([$"{n}"]);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Who_waits_for_records_is_woken_by_them_and_not_before()
    {
        await Log.MakeTopicAsync("t");
        await Log.AppendAsync(new("t", 0), Batches.Of(0, 3), default);
        await Log.WaitForRecordsAsync(new("t", 0), 2, default).AsTask().WaitAsync(s_patience);
        var waiting = Enumerable.Range(0, 20).Select(_ => Log.WaitForRecordsAsync(new("t", 0), 3, default).AsTask()).ToList();
        waiting.ShouldAllBe(w => !w.IsCompleted);
        await Log.AppendAsync(new("t", 0), Batches.Of(3, 1), default);
        await Task.WhenAll(waiting).WaitAsync(s_patience);
        (await Log.ReadAllAsync(new("t", 0), 3)).Select(r => r.Value).ShouldBe(["3"]);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_wait_that_is_cancelled_ends()
    {
        await Log.MakeTopicAsync("t");
        using var cancel = new CancellationTokenSource();
        var waiting = Log.WaitForRecordsAsync(new("t", 0), 0, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => waiting.WaitAsync(s_patience));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_group_has_the_offsets_it_committed_with_their_texts()
    {
        await Log.MakeTopicAsync("t", 2);
        await Log.MakeTopicAsync("u");
        (await Log.CommittedOffsetsAsync("g", default)).ShouldBeEmpty();
        await Log.CommitOffsetsAsync("g", [new(new("t", 0), 5, ""), new(new("t", 1), 6, "0-6,6-9 größer"), new(new("u", 0), 0, "x")], default);
        await Log.CommitOffsetsAsync("g", [new(new("t", 1), 9, "")], default);
        await Log.CommitOffsetsAsync("h", [new(new("t", 0), 1, "h")], default);
        (await Log.CommittedOffsetsAsync("g", default)).OrderBy(c => c.Partition.ToString(), StringComparer.Ordinal).ShouldBe(
            [new(new("t", 0), 5, ""), new(new("t", 1), 9, ""), new(new("u", 0), 0, "x")]);
        (await Log.CommittedOffsetsAsync("h", default)).ShouldBe([new(new("t", 0), 1, "h")]);
        await Should.ThrowAsync<UnknownTopicPartitionException>(async () => await Log.CommitOffsetsAsync("g", [new(new("none", 0), 5, "")], default));
    }

    [Fact(Timeout = 60_000)]
    public async Task Damaged_and_too_large_batches_are_refused_and_the_next_is_taken()
    {
        await Log.MakeTopicAsync("t");
        var damaged = Batches.Of(0, 3).ToArray();
        damaged[^1] ^= 1;
        (await Log.AppendAsync(new("t", 0), damaged, default)).Error.ShouldBe(AppendError.CorruptMessage);
        (await Log.AppendAsync(new("t", 0), Batches.OfSize(2 << 20), default)).Error.ShouldBe(AppendError.MessageTooLarge);
        (await Log.AppendAsync(new("t", 0), Batches.Of(0, 3), default)).ShouldBe(new AppendResult(AppendError.None, 0));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_read_gives_no_more_bytes_than_asked_for_but_one_batch_at_least()
    {
        await Log.MakeTopicAsync("t");
        for (var n = 0; n < 20; n++) await Log.AppendAsync(new("t", 0), Batches.OfSize(300_000), default);
        (await Log.ReadAsync(new("t", 0), 0, 1, default)).Bytes.Length.ShouldBeGreaterThan(300_000);
        var offset = 0L;
        while (offset < 20)
        {
            var read = await Log.ReadAsync(new("t", 0), offset, 2 << 20, default);
            read.Bytes.Length.ShouldBeLessThanOrEqualTo(2 << 20);
            offset = Batches.Read(read.Bytes.Span, offset)[^1].Offset + 1;
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Many_read_a_partition_at_once_at_places_of_their_own()
    {
        await Log.MakeTopicAsync("t");
        for (var n = 0; n < 40; n++) await Log.AppendAsync(new("t", 0), Batches.Of(n * 500, 500, new string('x', 200)), default);
        var readers = Enumerable.Range(0, 7).Select(r => Task.Run(() => Log.ReadAllAsync(new("t", 0), r * 2_500, bytesMax: 100_000 + (r * 10_000))));
        foreach (var (read, r) in (await Task.WhenAll(readers)).Select((read, r) => (read, r)))
            read.Select(record => record.Offset).ShouldBe(Enumerable.Range(r * 2_500, 20_000 - (r * 2_500)).Select(n => (long)n));
    }

    [Fact(Timeout = 60_000)]
    public async Task Appends_side_by_side_each_get_offsets_of_their_own()
    {
        await Log.MakeTopicAsync("t", 2);
        var appends = Enumerable.Range(0, 200).Select(async n => (n, Result: await Log.AppendAsync(new("t", n % 2), Batches.Of(n * 10, 10), default)));
        var results = await Task.WhenAll(appends);
        for (var p = 0; p < 2; p++)
        {
            var values = (await Log.ReadAllAsync(new("t", p), 0)).ToDictionary(r => r.Offset, r => r.Value);
            values.Count.ShouldBe(1_000);
            foreach (var (n, result) in results.Where(r => r.n % 2 == p))
            {
                for (var i = 0; i < 10; i++) values[result.OffsetOf(i)].ShouldBe($"{(n * 10) + i}");
            }
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_topic_made_anew_is_another_topic()
    {
        var first = await Log.MakeTopicAsync("t");
        await Log.AppendAsync(new("t", 0), Batches.Of(0, 10), default);
        (await Log.ReadAllAsync(new("t", 0), 0)).Count.ShouldBe(10);
        await Log.DeleteTopicAsync("t", default);
        await Should.ThrowAsync<UnknownTopicPartitionException>(async () => await Log.ReadAsync(new("t", 0), 0, 1, default));
        var second = await Log.MakeTopicAsync("t");
        second.Id.ShouldNotBe(first.Id);
        (await Log.AppendAsync(new("t", 0), Batches.Of(100, 2), default)).ShouldBe(new AppendResult(AppendError.None, 0));
        (await Log.ReadAllAsync(new("t", 0), 0)).Select(r => r.Value).ShouldBe(["100", "101"]);
    }

    protected abstract ValueTask<ILog> OpenAsync();

    protected abstract ValueTask CloseAsync();
}

using System.Buffers.Binary;
using Sluice.Log;
using Sluice.Log.Records;
using Sluice.Testing;

namespace Sluice.Unit.Log;

public sealed class AppendTests
{
    [Fact]
    public async Task What_was_appended_is_read_back_after_a_reopen()
    {
        await using var fixture = await LogFixture.OpenAsync();
        (await fixture.Log.AppendAsync(LogFixture.T0, LogFixture.Batch(1, "a", "b"), default)).ShouldBe(new AppendResult(AppendError.None, 0));
        (await fixture.Log.AppendAsync(LogFixture.T0, LogFixture.Batch(2, "c"), default)).ShouldBe(new AppendResult(AppendError.None, 2));
        await fixture.ReopenAsync();
        (await fixture.ReadAsync()).ShouldBe(["a", "b", "c"]);
        (await fixture.ReadAsync(from: 1)).ShouldBe(["b", "c"]);
        (await fixture.Log.OffsetsAsync(LogFixture.T0, default)).ShouldBe(new PartitionOffsets(0, 3));
        (await fixture.AppendAsync("d")).ShouldBe(3);
    }

    [Fact]
    public async Task The_fields_of_the_producer_stay_as_they_were_sent()
    {
        await using var fixture = await LogFixture.OpenAsync();
        await fixture.AppendAsync("first");
        var batch = LogFixture.Batch(1, "second");
        BinaryPrimitives.WriteInt64BigEndian(batch.AsSpan(RecordBatchHeader.ProducerIdAt), 77);
        BinaryPrimitives.WriteInt16BigEndian(batch.AsSpan(RecordBatchHeader.ProducerEpochAt), 3);
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(RecordBatchHeader.BaseSequenceAt), 9);
        batch[RecordBatchHeader.AttributesAt + 1] |= 0x10; // transactional
        RecordBatchHeader.Seal(batch);
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(RecordBatchHeader.LeaderEpochAt), 5);
        (await fixture.Log.AppendAsync(LogFixture.T0, batch, default)).BaseOffset.ShouldBe(1);
        var read = (await fixture.Log.FetchAsync(LogFixture.T0, 1, 1 << 20, ReadIsolation.Uncommitted, default)).Bytes.ToArray();
        BinaryPrimitives.WriteInt64BigEndian(batch, 1);
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(RecordBatchHeader.LeaderEpochAt), 0);
        read.ShouldBe(batch);
    }

    [Fact]
    public async Task A_batch_with_any_bit_changed_is_refused_and_leaves_no_trace()
    {
        await using var fixture = await LogFixture.OpenAsync();
        var batch = LogFixture.Batch(1, "x", "y");
        for (var at = 8; at < batch.Length; at++)
        {
            // The leader epoch is the log's own to write.
            if (at is >= RecordBatchHeader.LeaderEpochAt and < RecordBatchHeader.MagicAt) continue;
            var changed = batch.ToArray();
            changed[at] ^= (byte)(1 << (at % 8));
            (await fixture.Log.AppendAsync(LogFixture.T0, changed, default)).ShouldBe(new AppendResult(AppendError.CorruptMessage, -1), $"byte {at}");
        }

        (await fixture.Log.AppendAsync(LogFixture.T0, batch.AsMemory(0, 60), default)).Error.ShouldBe(AppendError.CorruptMessage);
        (await fixture.Log.AppendAsync(LogFixture.T0, default, default)).Error.ShouldBe(AppendError.CorruptMessage);
        (await fixture.AppendAsync("good")).ShouldBe(0);
    }

    [Fact]
    public async Task A_batch_whose_records_do_not_fit_its_count_is_refused_although_its_crc_is_right()
    {
        await using var fixture = await LogFixture.OpenAsync();
        var batch = LogFixture.Batch(1, "x", "y");
        foreach (var count in new[] { -1, 0, 1, 3, int.MaxValue })
        {
            BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(RecordBatchHeader.RecordCountAt), count);
            BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(RecordBatchHeader.LastOffsetDeltaAt), count - 1);
            RecordBatchHeader.Seal(batch);
            (await fixture.Log.AppendAsync(LogFixture.T0, batch, default)).Error.ShouldBe(AppendError.CorruptMessage, $"{count} records");
        }
    }

    [Fact]
    public async Task A_batch_beyond_max_message_bytes_is_refused()
    {
        var batch = LogFixture.Batch(1, new string('x', 100));
        await using var fixture = await LogFixture.OpenAsync(1, ("max.message.bytes", $"{batch.Length}"));
        (await fixture.Log.AppendAsync(LogFixture.T0, batch, default)).Error.ShouldBe(AppendError.None);
        (await fixture.Log.AppendAsync(LogFixture.T0, LogFixture.Batch(1, new string('x', 101)), default)).Error.ShouldBe(AppendError.MessageTooLarge);
    }

    [Fact]
    public async Task An_unknown_topic_or_partition_is_an_answer()
    {
        await using var fixture = await LogFixture.OpenAsync();
        foreach (var unknown in new TopicPartition[] { new("u", 0), new("t", 1), new("t", -1) })
            (await fixture.Log.AppendAsync(unknown, LogFixture.Batch(1, "x"), default)).Error.ShouldBe(AppendError.UnknownTopicOrPartition);
        await Should.ThrowAsync<UnknownTopicPartitionException>(async () => await fixture.Log.ReadAsync(new("t", 1), 0, 1, default));
    }

    [Fact]
    public async Task Log_append_time_replaces_the_time_of_the_producer()
    {
        await using var fixture = await LogFixture.OpenAsync(1, ("message.timestamp.type", "LogAppendTime"));
        await fixture.AppendAsync("x", timestampMs: 5);
        var records = new RecordReader((await fixture.Log.ReadAsync(LogFixture.T0, 0, 1 << 20, default)).Bytes.Span, 0);
        records.MoveNext().ShouldBeTrue();
        records.TimestampMs.ShouldBe(fixture.NowMs);
    }

    [Fact]
    public async Task A_max_timestamp_that_is_not_that_of_the_records_is_set_right()
    {
        await using var fixture = await LogFixture.OpenAsync();
        var batch = LogFixture.Batch(1000, "x");
        RecordBatchHeader.SetMaxTimestamp(batch, 9_999);
        (await fixture.Log.AppendAsync(LogFixture.T0, batch, default)).Error.ShouldBe(AppendError.None);
        (await fixture.ReadAsync()).ShouldBe(["x"]);
        (await fixture.Log.OffsetForTimestampAsync(LogFixture.T0, 1001, default)).ShouldBeNull();
        (await fixture.Log.OffsetForTimestampAsync(LogFixture.T0, 1000, default)).ShouldBe(0);
    }

    [Fact]
    public async Task A_full_queue_answers_busy_and_writes_nothing_of_it()
    {
        var batch = LogFixture.Batch(1, "x");
        var limits = new LogLimits { QueuedAppendsMax = 3, QueuedBytesMax = 1 << 20 };
        await using var fixture = await LogFixture.OpenSteppedAsync(new SimulatedFileSystem(1), new() { Directory = "/log", Limits = limits });
        var waiting = Enumerable.Range(0, 3).Select(_ => fixture.Log.AppendAsync(LogFixture.T0, batch, default).AsTask()).ToArray();
        (await fixture.Log.AppendAsync(LogFixture.T0, batch, default)).ShouldBe(new AppendResult(AppendError.Busy, -1));
        waiting.ShouldAllBe(task => !task.IsCompleted);
        fixture.Log.RunRound().ShouldBeTrue();
        (await Task.WhenAll(waiting)).Select(r => r.BaseOffset).ShouldBe([0, 1, 2]);
        fixture.Log.RunRound().ShouldBeFalse();
    }

    [Fact]
    public async Task The_bytes_that_wait_are_bounded_but_one_batch_always_passes()
    {
        var batch = LogFixture.Batch(1, new string('x', 1000));
        var limits = new LogLimits { QueuedBytesMax = 500 };
        await using var fixture = await LogFixture.OpenSteppedAsync(new SimulatedFileSystem(1), new() { Directory = "/log", Limits = limits });
        var first = fixture.Log.AppendAsync(LogFixture.T0, batch, default).AsTask();
        (await fixture.Log.AppendAsync(LogFixture.T0, batch, default)).Error.ShouldBe(AppendError.Busy);
        fixture.Log.RunRound();
        (await first).Error.ShouldBe(AppendError.None);
    }

    [Fact]
    public async Task A_partition_stops_after_a_failed_sync_and_recovers_at_the_next_start()
    {
        var disk = new SimulatedFileSystem(1);
        var options = new EmbeddedLogOptions { Directory = "/log" };
        await using var fixture = await LogFixture.OpenSteppedAsync(disk, options);
        var good = fixture.Log.AppendAsync(LogFixture.T0, LogFixture.Batch(1, "good"), default).AsTask();
        fixture.Log.RunRound();
        (await good).Error.ShouldBe(AppendError.None);
        var failing = fixture.Log.AppendAsync(LogFixture.T0, LogFixture.Batch(1, "failing"), default).AsTask();
        disk.FailureRate = 1;
        fixture.Log.RunRound();
        disk.FailureRate = 0;
        (await failing).ShouldBe(new AppendResult(AppendError.StorageError, -1));
        (await fixture.Log.AppendAsync(LogFixture.T0, LogFixture.Batch(1, "later"), default)).Error.ShouldBe(AppendError.StorageError);
        (await fixture.ReadAsync()).ShouldBe(["good"]);
        disk.Restart();
        fixture.OpenStepped(disk, options);
        (await fixture.ReadAsync())[0].ShouldBe("good");
        var again = fixture.Log.AppendAsync(LogFixture.T0, LogFixture.Batch(1, "again"), default).AsTask();
        fixture.Log.RunRound();
        (await again).Error.ShouldBe(AppendError.None);
    }

    [Fact]
    public async Task Under_interval_durability_an_append_is_answered_before_and_safe_after_the_sync()
    {
        var disk = new SimulatedFileSystem(3);
        var options = new EmbeddedLogOptions { Directory = "/log", Durability = Durability.Interval };
        await using var fixture = await LogFixture.OpenSteppedAsync(disk, options);
        var first = fixture.Log.AppendAsync(LogFixture.T0, LogFixture.Batch(1, "safe"), default).AsTask();
        fixture.Log.RunRound();
        (await first).BaseOffset.ShouldBe(0);
        await fixture.Log.SyncAsync();
        disk.Restart();
        fixture.OpenStepped(disk, options);
        (await fixture.ReadAsync()).ShouldBe(["safe"]);
    }

    [Fact]
    public async Task What_is_under_way_when_the_log_is_closed_is_answered_truly()
    {
        await using var fixture = await LogFixture.OpenAsync();
        var appends = Enumerable.Range(0, 500).Select(i => fixture.Log.AppendAsync(LogFixture.T0, LogFixture.Batch(1, $"{i}"), default).AsTask()).ToArray();
        await fixture.Log.DisposeAsync();
        var written = (await Task.WhenAll(appends)).Count(r => r.Error == AppendError.None);
        written.ShouldBe(500);
        await Should.ThrowAsync<ObjectDisposedException>(async () => await fixture.AppendAsync("late"));
        fixture.Open();
        (await fixture.ReadAsync()).Count.ShouldBe(written);
    }

    [Fact]
    public async Task An_append_allocates_next_to_nothing()
    {
        const int Rounds = 200;
        const int AppendsPerRound = 50;
        const int BytesPerAppendMax = 16;
        await using var fixture = await LogFixture.OpenSteppedAsync(Sluice.Bytes.OsFileSystem.Instance, new() { Directory = "" });
        var batch = LogFixture.Batch(1, new string('x', 1024));
        var tasks = new List<ValueTask<AppendResult>>(AppendsPerRound);
        long before = 0;
        var failed = 0;
        for (var round = -Rounds / 2; round < Rounds; round++)
        {
            if (round == 0) before = GC.GetAllocatedBytesForCurrentThread();
#pragma warning disable CA2012 // Each is consumed once, below.
            for (var i = 0; i < AppendsPerRound; i++) tasks.Add(fixture.Log.AppendAsync(LogFixture.T0, batch, default));
#pragma warning restore CA2012
            fixture.Log.RunRound();
            foreach (var task in tasks) failed += LogFixture.AtOnce(task).Error == AppendError.None ? 0 : 1;
            tasks.Clear();
        }

        var perAppend = (GC.GetAllocatedBytesForCurrentThread() - before) / (Rounds * AppendsPerRound);
        failed.ShouldBe(0);
        perAppend.ShouldBeLessThan(BytesPerAppendMax);
    }
}

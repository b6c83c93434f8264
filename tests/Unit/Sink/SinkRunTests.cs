using Sluice.Log;
using Sluice.Sink;
using Sluice.Testing.Watched;

namespace Sluice.Unit.Sink;

/// <summary>The sink over time: idle flush, schedule, restarts, topics that come and go, failures.</summary>
public sealed class SinkRunTests : IAsyncDisposable
{
    private static readonly CancellationToken s_none = CancellationToken.None;
    private static readonly SinkConfig s_config = SinkFixture.Config with { IdleFlush = TimeSpan.FromSeconds(10) };
    private readonly SinkFixture _sink = new();

    public ValueTask DisposeAsync() => _sink.DisposeAsync();

    [Fact]
    public async Task A_quiet_partitions_open_object_is_written_after_the_idle_time_and_not_before()
    {
        _sink.Run(s_config);
        await _sink.AppendAsync("0");
        await RestAsync(1);
        _sink.Time.Advance(TimeSpan.FromSeconds(9));
        await _sink.AppendAsync("1");
        await RestAsync(2);
        _sink.Time.Advance(TimeSpan.FromSeconds(9));
        (await _sink.LandedAsync()).ShouldBeEmpty();

        var written = NextPutAsync();
        _sink.Time.Advance(TimeSpan.FromSeconds(1));
        await written;
        await RestAsync(2);

        (await _sink.LandedAsync()).ShouldBe([("topics/pins/partition=0/pins+0+0000000000.json", "0\n1\n")]);
        (await _sink.CommittedAsync()).ShouldBe(new CommittedOffset(SinkFixture.Pins, 2, ""));
    }

    [Fact]
    public async Task A_schedule_ends_objects_at_wall_clock_times()
    {
        _sink.Run(s_config with { IdleFlush = null, RotateScheduleInterval = TimeSpan.FromMinutes(15) });
        _sink.Time.Advance(TimeSpan.FromMinutes(14));
        await _sink.AppendAsync("0");
        await RestAsync(1);
        (await _sink.LandedAsync()).ShouldBeEmpty();

        var written = NextPutAsync();
        _sink.Time.Advance(TimeSpan.FromMinutes(1));
        await written;

        (await _sink.LandedAsync()).Single().Text.ShouldBe("0\n");
    }

    [Fact]
    public async Task A_decision_found_at_the_start_is_carried_out_as_it_was_made()
    {
        await _sink.AppendAsync("0", "1", "2", "3", "4", "5", "6");
        await _sink.Memory.CommitOffsetsAsync("connect-s3", [new(SinkFixture.Pins, 1, "objects=1-3,3-4")], s_none);

        var landed = await _sink.LandAsync(SinkFixture.Config with { FlushSize = 2 });

        landed.Select(l => (l.Key[^7..^5], l.Text)).ShouldBe([("01", "1\n2\n"), ("03", "3\n"), ("04", "4\n5\n"), ("06", "6\n")]);
    }

    [Fact]
    public async Task A_decision_is_recorded_before_the_first_byte_and_cleared_after_the_last()
    {
        await _sink.LandAsync(SinkFixture.Config with { FlushSize = 1 }, "0", "1");

        _sink.Hook.Passed.Where(o => o is "commit" or "put").ShouldBe(["commit", "put", "put", "commit"]);
    }

    [Fact]
    public async Task A_failed_put_is_retried_with_the_very_same_range_though_more_has_arrived()
    {
        await _sink.AppendAsync("0", "1");
        _sink.Hook.FailBefore = "put";
        await Should.ThrowAsync<SinkException>(() => _sink.LandAsync(s_config));
        (await _sink.CommittedAsync()).ShouldBe(new CommittedOffset(SinkFixture.Pins, 0, "objects=0-2"));
        await _sink.AppendAsync("2");
        _sink.Hook.FailBefore = null;

        (await _sink.LandAsync(s_config)).Select(l => l.Text).ShouldBe(["0\n1\n", "2\n"]);
    }

    [Fact]
    public async Task A_failing_partition_shows_as_failed_and_recovers_after_the_wait()
    {
        _sink.Hook.FailBefore = "put";
        var sink = _sink.Run(s_config with { FlushSize = 1 });
        await _sink.AppendAsync("0");
        var failure = await Should.ThrowAsync<SinkException>(() => sink.FlushAsync(s_none));
        failure.Message.ShouldBe("pins-0 cannot be sunk: no put today");

        var task = sink.Status.Tasks.Single();
        task.State.ShouldBe(SinkState.Failed);
        task.Trace.ShouldBe("no put today");
        sink.Status.State.ShouldBe(SinkState.Running);

        _sink.Hook.FailBefore = null;
        await sink.FlushAsync(s_none);
        task = sink.Status.Tasks.Single();
        task.State.ShouldBe(SinkState.Running);
        var partition = task.Partitions.Single();
        (partition.Objects, partition.Records, partition.Bytes, partition.Committed, partition.Trace).ShouldBe((1, 1, 2, 1, null));
    }

    [Fact]
    public async Task A_topic_that_begins_to_match_is_taken_up_while_running()
    {
        _sink.Memory.AddTopic("other");
        _sink.Memory.AddTopic("__internal.pin");
        var sink = _sink.Run(s_config with { Topics = TopicSelection.Matching(@".*\.pin|pins") });
        await sink.FlushAsync(s_none);
        TopicsOf(sink).ShouldBe(["pins-0"]);

        _sink.Memory.AddTopic("new.pin", 2);
        await sink.FlushAsync(s_none);
        TopicsOf(sink).ShouldBe(["new.pin-0", "new.pin-1", "pins-0"]);

        await _sink.Memory.DeleteTopicAsync("new.pin", s_none);
        await sink.FlushAsync(s_none);
        TopicsOf(sink).ShouldBe(["pins-0"]);
    }

    [Fact]
    public async Task Flushes_of_a_sink_that_does_not_run_do_not_cut_each_other_off()
    {
        await _sink.AppendAsync("1");
        var sink = _sink.NewSink(s_config);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => sink.FlushAsync(s_none))));
        (await _sink.LandedAsync()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_new_topic_is_found_by_time_alone()
    {
        _sink.Run(s_config with { FlushSize = 1, Topics = TopicSelection.Matching("p.*") });
        await RestAsync(0);
        var written = NextPutAsync();
        _sink.Memory.AddTopic("pears");
        await _sink.Memory.AppendAsync(new TopicPartition("pears", 0), (0, "1"u8.ToArray()));
        while (!written.IsCompleted)
        {
            _sink.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        (await _sink.LandedAsync()).Single().Key.ShouldBe("topics/pears/partition=0/pears+0+0000000000.json");
    }

    [Fact]
    public async Task Partitions_are_spread_over_the_tasks()
    {
        _sink.Memory.AddTopic("wide", 5);
        var sink = _sink.Run(s_config with { TasksMax = 3, Topics = TopicSelection.Named("pins", "wide") });
        await sink.FlushAsync(s_none);

        sink.Status.Tasks.Select(t => t.Partitions.Count).ShouldBe([2, 2, 2]);
    }

    [Fact]
    public async Task What_retention_deleted_before_it_was_sunk_is_counted_and_passed_over()
    {
        await _sink.AppendAsync("0", "1");
        await _sink.AppendAsync("2");
        _sink.Log.RetainFrom(SinkFixture.Pins, 2);
        await _sink.Memory.CommitOffsetsAsync("connect-s3", [new(SinkFixture.Pins, 0, "")], s_none);
        var sink = _sink.Run(s_config);
        await sink.FlushAsync(s_none);

        (await _sink.LandedAsync())[^1].ShouldBe(("topics/pins/partition=0/pins+0+0000000002.json", "2\n"));
        sink.Status.Tasks.Single().Partitions.Single().LostToRetention.ShouldBe(2);
    }

    [Fact]
    public async Task A_decision_that_was_carried_out_before_retention_is_not_done_again()
    {
        await _sink.AppendAsync("0", "1");
        await _sink.AppendAsync("2");
        await _sink.Objects.PutAsync(SinkFixture.Config.KeyOf(SinkFixture.Pins, 0), "0\n1\n2\n"u8.ToArray(), s_none);
        await _sink.Memory.CommitOffsetsAsync("connect-s3", [new(SinkFixture.Pins, 0, "objects=0-3")], s_none);
        _sink.Log.RetainFrom(SinkFixture.Pins, 2);

        (await _sink.LandAsync(s_config)).Single().Text.ShouldBe("0\n1\n2\n");
        (await _sink.CommittedAsync()).ShouldBe(new CommittedOffset(SinkFixture.Pins, 3, ""));
    }

    [Fact]
    public async Task A_log_that_ends_before_what_was_sunk_is_refused()
    {
        await _sink.Memory.CommitOffsetsAsync("connect-s3", [new(SinkFixture.Pins, 9, "")], s_none);

        var failure = await Should.ThrowAsync<SinkException>(() => _sink.LandAsync(s_config));
        failure.Message.ShouldContain("sunk up to offset 9 and the log ends at 0");
    }

    [Fact]
    public async Task Running_twice_is_refused_and_running_again_is_not()
    {
        var sink = _sink.Run(s_config);
        await Should.ThrowAsync<InvalidOperationException>(() => sink.RunAsync(s_none));
        await _sink.StopAsync();
        sink.Status.State.ShouldBe(SinkState.Unassigned);

        await _sink.AppendAsync("0");
        await sink.FlushAsync(s_none);
        (await _sink.LandedAsync()).Single().Text.ShouldBe("0\n");
    }

    [Fact]
    public async Task A_flush_of_a_sink_that_is_stopping_still_writes_everything()
    {
        await _sink.AppendAsync("0", "1");
        var held = new TaskCompletionSource();
        var committing = new TaskCompletionSource();
        _sink.Log.OnCommit = _ =>
        {
            committing.TrySetResult();
            return held.Task;
        };
        var sink = _sink.Run(s_config with { FlushSize = 1 });
        await committing.Task;
        var stopped = _sink.StopAsync();

        var flushed = sink.FlushAsync(s_none);
        flushed.IsCompleted.ShouldBeFalse();
        held.SetResult();
        await flushed;

        await stopped;
        (await _sink.LandedAsync()).Select(l => l.Text).ShouldBe(["0\n", "1\n"]);
    }

    [Fact]
    public async Task A_run_that_meets_a_flush_waits_for_its_end()
    {
        await _sink.AppendAsync("0");
        var held = new TaskCompletionSource();
        var committing = new TaskCompletionSource();
        _sink.Log.OnCommit = _ =>
        {
            committing.TrySetResult();
            return held.Task;
        };
        var sink = _sink.NewSink(s_config);
        var flushed = sink.FlushAsync(s_none);
        await committing.Task;
        using var stop = new CancellationTokenSource();
        var run = sink.RunAsync(stop.Token);
        run.IsCompleted.ShouldBeFalse();
        held.SetResult();
        await flushed;

        await _sink.AppendAsync("1");
        await sink.FlushAsync(s_none);
        (await _sink.LandedAsync()).Select(l => l.Text).ShouldBe(["0\n", "1\n"]);
        await stop.CancelAsync();
        await run;
    }

    [Theory]
    [InlineData("2024-05-01T10:07:00Z", 15, "Etc/UTC", "2024-05-01T10:15:00Z")]
    [InlineData("2024-05-01T10:15:00Z", 15, "Etc/UTC", "2024-05-01T10:30:00Z")]
    [InlineData("2024-05-01T22:00:00Z", 7 * 60, "Etc/UTC", "2024-05-02T00:00:00Z")]
    [InlineData("2024-05-01T10:00:00Z", 24 * 60, "Asia/Kolkata", "2024-05-01T18:30:00Z")]
    [InlineData("2024-03-31T00:30:00Z", 24 * 60, "Europe/London", "2024-03-31T23:00:00Z")]
    public void Scheduled_times_count_from_local_midnight(string now, int minutes, string zone, string expected) =>
        RotationClock.NextScheduled(DateTimeOffset.Parse(now), TimeSpan.FromMinutes(minutes), TimeZoneInfo.FindSystemTimeZoneById(zone))
            .ShouldBe(DateTimeOffset.Parse(expected));

    private static IEnumerable<string> TopicsOf(S3Sink sink) => sink.Status.Tasks.Single().Partitions.Select(p => p.Partition.ToString());

    /// <summary>Waits until the sink has walked up to an offset and sleeps.</summary>
    private Task RestAsync(long offset) => _sink.Log.AsleepAfterAsync(SinkFixture.Pins, offset);

    private Task NextPutAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _sink.Log.OnCommit = committed =>
        {
            if (committed.Metadata.Length == 0) done.TrySetResult();
            return Task.CompletedTask;
        };
        return done.Task;
    }
}

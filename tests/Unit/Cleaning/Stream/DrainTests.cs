using Sluice.Cleaning;
using Sluice.Cleaning.Streaming;
using Sluice.Testing;
using Sluice.Testing.Cleaning;

namespace Sluice.Unit.Cleaning.Stream;

public sealed class DrainTests
{
    [Fact]
    public async Task Records_of_all_shards_become_clean_rows_quarantine_and_duplicates_each_with_its_place()
    {
        using var bed = new StreamBed(shards: 2);
        await bed.PutAsync(0, CleaningBed.Reading(1, " one "), "garbage");
        await bed.PutAsync(1, CleaningBed.Reading(2), CleaningBed.Reading(1, "again"), """{"id":3,"name":" ","score":101}""");

        var report = await bed.DrainAsync();

        (report.Path, report.Received, report.Clean, report.Quarantined, report.Duplicates, report.Commits).ShouldBe(("stream", 5, 2, 2, 1, 1));
        report.Positions.ShouldBe([new CleanPosition(StreamBed.Stream, 0, 2), new CleanPosition(StreamBed.Stream, 1, 3)]);
        (await bed.CleanRowsAsync()).ShouldBe(["1|one", "2|a"]);
        (await bed.Tables.QuarantineRowsAsync()).ShouldBe(
            ["0|1|null|not JSON", "1|2|null|column name: null after cleaning; check score_in_range: failed"]);
        (await bed.Tables.DuplicateRowsAsync()).ShouldBe(["1|1|null|1"]);
        (await bed.Tables.RowsAsync("quarantine.reading", """SELECT path, topic, object, raw FROM {t} WHERE partition = 0"""))
            .ShouldBe([$"stream|{StreamBed.Stream}|null|garbage"]);
        (await bed.LedgerAsync()).ToString().ShouldBe("stream.reading: 5 received = 2 clean + 2 quarantined + 1 duplicates + 0 waiting: closes");
    }

    [Theory]
    [InlineData(4_000_000)]
    [InlineData(2)]
    [InlineData(0)]
    public async Task Keys_are_looked_up_in_the_table_whether_they_fit_in_memory_or_not(int keysInMemory)
    {
        using var bed = new StreamBed();
        bed.Options = bed.Options with { KeysInMemoryMax = keysInMemory, RowsPerCommitMax = 2 };
        await bed.PutAsync(0, CleaningBed.Reading(1), CleaningBed.Reading(-2), CleaningBed.Reading(1), CleaningBed.Reading(3));
        (await bed.DrainAsync()).Commits.ShouldBe(2);
        await bed.PutAsync(0, CleaningBed.Reading(3), CleaningBed.Reading(4), CleaningBed.Reading(-2), CleaningBed.Reading(4));
        var second = await bed.DrainAsync();

        (second.Received, second.Clean, second.Duplicates).ShouldBe((4, 1, 3));
        (await bed.CleanRowsAsync()).ShouldBe(["-2|a", "1|a", "3|a", "4|a"]);
        (await bed.Tables.DuplicateRowsAsync()).ShouldBe(["0|2|null|1", "0|4|null|3", "0|6|null|-2", "0|7|null|4"]);
    }

    [Fact]
    public async Task A_child_is_read_after_its_parents_are_read_to_their_ends()
    {
        using var bed = new StreamBed(shards: 2);
        // A read gets one batch and a commit three records, so the shards would take turns if nothing held the children back.
        bed.Options = bed.Options with { ReadBytes = 1, RowsPerCommitMax = 3 };
        await bed.PutAsync(0, [.. Enumerable.Range(0, 7).Select(i => CleaningBed.Reading(i, "parent"))]);
        await bed.PutAsync(1, CleaningBed.Reading(100, "other"));
        bed.Memory.Reshard(StreamBed.Stream, [0], 2).ShouldBe(2);
        await bed.PutAsync(2, CleaningBed.Reading(6, "child"), CleaningBed.Reading(7, "child"));
        await bed.PutAsync(3, CleaningBed.Reading(5, "child"));
        bed.Memory.Reshard(StreamBed.Stream, [2, 3], 1).ShouldBe(4);
        await bed.PutAsync(4, CleaningBed.Reading(7, "grandchild"), CleaningBed.Reading(8, "grandchild"));

        await bed.DrainAsync();

        (await bed.CleanRowsAsync()).ShouldBe(
            [.. Enumerable.Range(0, 7).Select(i => $"{i}|parent"), "7|child", "8|grandchild", "100|other"]);
        var ledger = await bed.LedgerAsync();
        (ledger.Closes, ledger.Received, ledger.Waiting).ShouldBe((true, 13, 0));
    }

    [Fact]
    public async Task A_drain_ends_at_the_records_that_were_there_when_it_began()
    {
        using var bed = new StreamBed();
        await bed.PutAsync(0, CleaningBed.Reading(1), CleaningBed.Reading(2));
        bed.Options = bed.Options with { RowsPerCommitMax = 1 };
        await using var job = bed.Start();
        var report = await job.DrainAsync(
            CleaningBed.Dataset, CleaningBed.Cancel, new Told<CleanReport>(_ => bed.PutAsync(0, CleaningBed.Reading(9)).GetAwaiter().GetResult()));
        report.Received.ShouldBe(2);
        (await bed.LedgerAsync()).Waiting.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_drain_beside_a_job_takes_in_what_was_acknowledged_before_the_log_tells_the_job_of_it()
    {
        using var bed = new StreamBed(shards: 2);
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bed.Log.News = told.Task;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(CleaningBed.Cancel);
        await using var job = bed.Start();
        var run = job.RunAsync(stop.Token);
        await bed.Log.AsleepAsync(StreamBed.Shard(0), StreamBed.Shard(1));
        await bed.PutAsync(0, CleaningBed.Reading(1), CleaningBed.Reading(2));
        bed.Memory.Reshard(StreamBed.Stream, [0], 1).ShouldBe(2);
        await bed.PutAsync(2, CleaningBed.Reading(2, "child"), CleaningBed.Reading(3));

        (await job.DrainAsync(CleaningBed.Dataset, CleaningBed.Cancel)).Received.ShouldBe(4);

        (await bed.CleanRowsAsync()).ShouldBe(["1|a", "2|a", "3|a"]);
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task A_stream_that_is_not_there_is_drained_at_once()
    {
        using var bed = new StreamBed(makesStream: false);
        (await bed.DrainAsync()).Received.ShouldBe(0);
    }

    [Fact]
    public async Task Reading_from_the_latest_or_a_time_on_is_kept_over_restarts_and_counted_in_the_ledger()
    {
        foreach (var fromTime in new[] { false, true })
        {
            using var bed = new StreamBed(shards: 2);
            await bed.PutAsync(0, CleaningBed.Reading(1), CleaningBed.Reading(2));
            bed.Tables.Time.Advance(TimeSpan.FromMinutes(1));
            bed.Options = bed.Options with { Start = fromTime ? StreamStart.From(bed.Tables.Time.GetUtcNow()) : StreamStart.Latest };
            (await bed.DrainAsync()).Received.ShouldBe(0);
            await bed.PutAsync(0, CleaningBed.Reading(3));
            await bed.PutAsync(1, CleaningBed.Reading(4));
            (await bed.DrainAsync()).Received.ShouldBe(2);

            (await bed.CleanRowsAsync()).ShouldBe(["3|a", "4|a"]);
            (await bed.LedgerAsync()).ToString()
                .ShouldBe("stream.reading: 4 received = 2 clean + 0 quarantined + 0 duplicates + 2 skipped + 0 waiting: closes");
        }
    }

    [Fact]
    public async Task Records_that_retention_removed_before_they_were_cleaned_stop_the_dataset_until_the_gap_is_accepted()
    {
        using var bed = new StreamBed();
        await bed.PutAsync(0, CleaningBed.Reading(0));
        await bed.DrainAsync();
        await bed.PutAsync(0, [.. Enumerable.Range(1, 5).Select(i => CleaningBed.Reading(i))]);
        bed.Log.RetainFrom(StreamBed.Shard(0), 4);

        var gap = await Should.ThrowAsync<StreamGapException>(bed.DrainAsync);
        gap.Gaps.ShouldBe([new StreamGap(0, "shardId-000000000000", 1, 4)]);
        gap.Message.ShouldContain("records 1 to 3 of shard shardId-000000000000 were removed by retention");
        (await bed.LedgerAsync()).Waiting.ShouldBe(5);

        await using var job = bed.Start();
        await job.AcceptGapAsync(CleaningBed.Dataset, CleaningBed.Cancel);
        (await job.DrainAsync(CleaningBed.Dataset, CleaningBed.Cancel)).Clean.ShouldBe(2);
        (await bed.LedgerAsync()).ToString()
            .ShouldBe("stream.reading: 6 received = 3 clean + 0 quarantined + 0 duplicates + 3 skipped + 0 waiting: closes");
    }

    [Fact]
    public async Task A_setting_accepts_gaps_without_asking()
    {
        using var bed = new StreamBed();
        await bed.PutAsync(0, [.. Enumerable.Range(0, 5).Select(i => CleaningBed.Reading(i))]);
        bed.Options = bed.Options with { Gaps = GapPolicy.Skip, RowsPerCommitMax = 2 };
        await using var job = bed.Start();
        // The second half goes while it is being read.
        await job.DrainAsync(CleaningBed.Dataset, CleaningBed.Cancel, new Told<CleanReport>(_ => bed.Log.RetainFrom(StreamBed.Shard(0), 4)));
        (await bed.CleanRowsAsync()).ShouldBe(["0|a", "1|a", "4|a"]);
        (await bed.LedgerAsync()).Closes.ShouldBeTrue();
    }

    [Fact]
    public async Task A_stream_made_anew_under_its_name_is_refused_by_name()
    {
        using var bed = new StreamBed();
        await bed.PutAsync(0, CleaningBed.Reading(1), CleaningBed.Reading(2));
        await bed.DrainAsync();
        await bed.Memory.DeleteTopicAsync(StreamBed.Stream, CleaningBed.Cancel);
        bed.Memory.AddTopic(StreamBed.Stream);
        await bed.PutAsync(0, CleaningBed.Reading(3));
        (await Should.ThrowAsync<CleaningException>(bed.DrainAsync)).Message.ShouldContain("was deleted and made anew");
    }
}

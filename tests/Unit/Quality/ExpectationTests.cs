using Sluice.Cleaning;
using Sluice.Cleaning.Streaming;
using Sluice.Definition;
using Sluice.Testing.Cleaning;
using Sluice.Testing.Watched;

namespace Sluice.Unit.Quality;

public sealed class ExpectationTests
{
    private static readonly Expectation s_scored = new("is_scored", "score >= 10", ExpectationAction.Warn);

    [Fact]
    public async Task A_warning_keeps_the_row_and_counts_it_and_null_is_not_met()
    {
        using var bed = new CleaningBed();
        bed.Expect(s_scored);
        await bed.PutAsync(0, 0, Scored(1, 10), Scored(2, 9), CleaningBed.Reading(3), "garbage", Scored(4, 101), Scored(1, 20));

        var report = await bed.CleanAsync();

        (report.Clean, report.Quarantined, report.Duplicates, report.Dropped).ShouldBe((3, 2, 1, 0));
        // The row that fails a check is not judged; the one whose key occurred is.
        (await bed.QualityRowsAsync()).ShouldBe(["batch|is_scored|warn|2|2"]);
        (await bed.LedgerAsync(6)).Closes.ShouldBeTrue();
    }

    [Fact]
    public async Task A_dropped_row_is_counted_in_the_ledger_and_does_not_take_its_key()
    {
        using var bed = new CleaningBed();
        bed.Expect(s_scored with { Action = ExpectationAction.Drop });
        await bed.PutAsync(0, 0, Scored(1, 5), Scored(1, 50), CleaningBed.Reading(2));
        await bed.PutAsync(1, 0, Scored(3, 50), Scored(3, 1));

        var report = await bed.CleanAsync();

        (report.Received, report.Clean, report.Dropped, report.Duplicates).ShouldBe((5, 2, 3, 0));
        (await bed.RowsAsync("batch.reading", "SELECT id, score FROM {t} ORDER BY id")).ShouldBe(["1|50", "3|50"]);
        var account = await bed.LedgerAsync(3, 2);
        account.Partitions.Select(p => (p.Clean, p.Dropped)).ShouldBe([(1, 2), (1, 1)]);
        (account.Dropped, account.Closes).ShouldBe((3, true));
        account.ToString().ShouldContain("+ 3 dropped +");
        (await bed.QualityRowsAsync()).ShouldBe(["batch|is_scored|drop|2|3"]);
    }

    [Fact]
    public async Task A_quarantined_row_has_its_reason_and_is_replayed_after_the_expectation_is_mended()
    {
        using var bed = new CleaningBed();
        bed.Expect(s_scored with { Action = ExpectationAction.Quarantine });
        await bed.PutAsync(0, 0, Scored(1, 5), Scored(2, 50), Scored(3, 7));
        await bed.CleanAsync();
        (await bed.QuarantineRowsAsync()).ShouldBe(["0|0|1|expectation is_scored: not met", "0|2|3|expectation is_scored: not met"]);

        bed.Expect(
            new Expectation("is_scored", "score >= 6", ExpectationAction.Drop), new Expectation("has_a_name", "name IS NOT NULL", ExpectationAction.Warn));
        var replay = await bed.Quarantine.ReplayAsync(CleaningBed.Dataset, "batch", CleaningBed.Cancel);

        (replay.Clean, replay.Dropped, replay.Quarantined).ShouldBe((1, 1, 0));
        (await bed.QuarantineRowsAsync()).ShouldBeEmpty();
        var account = await bed.LedgerAsync(3);
        (account.Clean, account.Dropped, account.Closes).ShouldBe((2, 1, true));
        // A replay counts nothing: the rows were counted in the run that met them.
        (await bed.QualityRowsAsync()).ShouldBe(["batch|is_scored|quarantine|1|2"]);
    }

    [Fact]
    public async Task A_dataset_stops_before_anything_is_committed_and_goes_on_when_the_expectation_is_mended()
    {
        using var bed = new CleaningBed();
        bed.Expect(s_scored with { Action = ExpectationAction.Fail });
        await bed.PutAsync(0, 0, Scored(1, 50), "garbage", Scored(2, 5), Scored(1, 60), Scored(7, 3));

        var stop = await Should.ThrowAsync<ExpectationException>(bed.CleanAsync);

        (stop.Dataset, stop.Path, stop.Expectation, stop.Failed).ShouldBe(("reading", "batch", "is_scored", 2));
        stop.Message.ShouldStartWith(
            "Expectation is_scored (score >= 10) stops batch.reading: 2 of 4 rows do not meet it, the first being "
            + "{\"id\":2,\"name\":\"a\",\"score\":5.0,\"active\":null,\"note\":null} at offset 2 of test.reading-0 (line 3 of topics/test.reading/");
        (await bed.CleanRowsAsync()).ShouldBeEmpty();
        (await bed.QuarantineRowsAsync()).ShouldBeEmpty();
        (await bed.DuplicateRowsAsync()).ShouldBeEmpty();
        (await bed.QualityRowsAsync()).ShouldBeEmpty();
        (await bed.LedgerAsync(5)).Waiting.ShouldBe(5);

        bed.Expect(s_scored);
        (await bed.CleanAsync()).Clean.ShouldBe(3);
        (await bed.LedgerAsync(5)).Closes.ShouldBeTrue();
    }

    [Fact]
    public async Task What_was_committed_before_the_stop_stays_and_is_counted()
    {
        using var bed = new CleaningBed();
        bed.Options = bed.Options with { RowsPerCommitMax = 2 };
        bed.Expect(s_scored with { Action = ExpectationAction.Fail });
        await bed.PutAsync(0, 0, Scored(1, 50), Scored(2, 50), Scored(3, 50), Scored(4, 5));

        await Should.ThrowAsync<ExpectationException>(bed.CleanAsync);

        (await bed.CleanRowsAsync()).ShouldBe(["1|a", "2|a"]);
        (await bed.QualityRowsAsync()).ShouldBe(["batch|is_scored|fail|2|0"]);
        var account = await bed.LedgerAsync(4);
        (account.Waiting, account.Closes).ShouldBe((2, true));
    }

    [Fact]
    public async Task A_run_is_recorded_once_with_its_name_and_its_versions()
    {
        using var bed = new CleaningBed();
        bed.Expect(s_scored, s_scored with { Name = "is_high", Sql = "score > 90" });
        await bed.PutAsync(0, 0, Scored(1, 50), Scored(2, 5));
        await bed.Cleaner.CleanAsync(CleaningBed.Dataset, CleaningBed.Cancel, run: "daily 1");
        await bed.CleanAsync();
        await bed.PutAsync(0, 2, Scored(3, 95));
        await bed.Cleaner.CleanAsync(CleaningBed.Dataset, CleaningBed.Cancel, run: "daily 2");

        (await bed.RowsAsync(
            "quality.results", "SELECT run, dataset, path, expectation, action, passed, failed, from_version, to_version FROM {t} ORDER BY run, expectation"))
            .ShouldBe(
            [
                "daily 1|reading|batch|is_high|warn|0|2|0|1", "daily 1|reading|batch|is_scored|warn|1|1|0|1",
                "daily 2|reading|batch|is_high|warn|1|0|1|2", "daily 2|reading|batch|is_scored|warn|1|0|1|2",
            ]);
    }

    [Fact]
    public async Task Another_action_counts_anew_and_what_was_taken_out_is_still_shown()
    {
        using var bed = new CleaningBed();
        bed.Expect(s_scored, s_scored with { Name = "was_there" });
        await bed.PutAsync(0, 0, Scored(1, 50), Scored(2, 5));
        await bed.CleanAsync();
        bed.Expect(s_scored with { Action = ExpectationAction.Drop }, s_scored with { Name = "is_new" });
        await bed.PutAsync(0, 2, Scored(3, 1));
        await bed.CleanAsync();
        bed.Expect(s_scored with { Action = ExpectationAction.Drop }, s_scored with { Name = "is_newer" });

        var lines = await new QualityResults(bed.Pipeline, bed.Catalog, bed.Options).ReadAsync(CleaningBed.Cancel);

        lines.Where(line => line.Path == "batch").Select(line => $"{line.Expectation} {line.Action} {line.Passed} {line.Failed} {line.LastRun?.Failed}").ShouldBe(
            ["is_scored drop 0 1 1", "is_newer warn 0 0 ", "is_new warn 0 1 1", "is_scored warn 1 1 1", "was_there warn 1 1 1"]);
        lines.Where(line => line.Path == "stream").Select(line => line.Expectation).ShouldBe(["is_scored", "is_newer"]);
    }

    [Fact]
    public async Task Rows_that_only_two_scans_can_judge_are_counted_the_same()
    {
        // The record with id 2 becomes two rows, so what one scan saw is not what there is.
        using var bed = new CleaningBed(CleaningBed.CleanSql + " UNION ALL SELECT CAST(id AS INTEGER), name, score, active, note, _position FROM source WHERE id = 2");
        bed.Expect(s_scored with { Action = ExpectationAction.Drop }, s_scored with { Name = "is_high", Sql = "score > 90" });
        await bed.PutAsync(0, 0, Scored(1, 50), Scored(2, 5), Scored(3, 95), Scored(4, 1));

        var report = await bed.CleanAsync();

        (report.Clean, report.Quarantined, report.Dropped).ShouldBe((2, 1, 1));
        (await bed.QualityRowsAsync()).ShouldBe(["batch|is_high|warn|1|2", "batch|is_scored|drop|2|1"]);
        (await bed.LedgerAsync(4)).Closes.ShouldBeTrue();
    }

    [Fact]
    public async Task Without_expectations_there_is_no_table_of_results()
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, 0, Scored(1, 50));
        await bed.CleanAsync();
        (await bed.Catalog.ListAsync(CleaningBed.Cancel)).ShouldNotContain(name => name.Namespace == "quality");
    }

    [Fact]
    public async Task Two_that_append_at_once_append_each_count_once()
    {
        using var bed = new CleaningBed();
        bed.Expect(s_scored);
        await bed.PutAsync(0, 0, Scored(1, 50), Scored(2, 5));
        var other = bed.Cleaner;
        bed.Reopen();
        await Task.WhenAll(bed.Cleaner.CleanAsync(CleaningBed.Dataset, CleaningBed.Cancel), other.CleanAsync(CleaningBed.Dataset, CleaningBed.Cancel));
        bed.Reopen();
        (await bed.QualityRowsAsync()).ShouldBe(["batch|is_scored|warn|1|1"]);
    }

    [Fact]
    public async Task The_stream_job_counts_as_the_batch_does_and_appends_once_a_minute()
    {
        using var bed = new StreamBed();
        bed.Tables.Expect(s_scored with { Action = ExpectationAction.Drop });
        await using var job = bed.Start();
        var told = new StreamTold();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(CleaningBed.Cancel);
        var running = job.RunAsync(stop.Token, told);
        await bed.PutAsync(0, Scored(1, 50), Scored(2, 5));
        await told.ReceivedAsync(2);
        bed.Tables.Time.Advance(TimeSpan.FromSeconds(61));
        await bed.PutAsync(0, Scored(3, 50));
        await told.ReceivedAsync(3);
        // The next commit comes after the append that was due with the one before it, or with the wait before that.
        await bed.PutAsync(0, Scored(4, 50));
        await told.ReceivedAsync(4);
        (await bed.Tables.QualityRowsAsync()).ShouldHaveSingleItem().ShouldBeOneOf("stream|is_scored|drop|1|1", "stream|is_scored|drop|2|1");
        await stop.CancelAsync();
        await running;

        (await bed.Tables.QualityRowsAsync()).ShouldBe(["stream|is_scored|drop|3|1"]);
        (await bed.LedgerAsync()).Dropped.ShouldBe(1);
        job.Status[0].Dropped.ShouldBe(1);
    }

    [Fact]
    public async Task A_job_ends_in_order_where_its_counts_cannot_be_appended_and_the_next_appends_them()
    {
        using var bed = new StreamBed();
        bed.Tables.Expect(s_scored with { Action = ExpectationAction.Drop });
        var isAway = true;
        bed.Tables.Reopen(store => new WatchedObjects(store, new OperationHook())
        {
            OnPutIfAbsent = key => isAway && key.Value.StartsWith("quality/", StringComparison.Ordinal)
                ? throw new TimeoutException("The store is away.") : Task.CompletedTask,
        });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(CleaningBed.Cancel);
        await using (var job = bed.Start())
        {
            var told = new StreamTold();
            var running = job.RunAsync(stop.Token, told);
            await bed.PutAsync(0, Scored(1, 50), Scored(2, 5));
            await told.ReceivedAsync(2);
            await stop.CancelAsync();
            await running;
            job.Status[0].State.ShouldBe(StreamJobState.Stopped);
            job.Status[0].Reason.ShouldNotBeNull().ShouldContain("The store is away.");
        }

        (await bed.Tables.QualityRowsAsync()).ShouldBeEmpty();
        isAway = false;
        await bed.DrainAsync();
        (await bed.Tables.QualityRowsAsync()).ShouldBe(["stream|is_scored|drop|1|1"]);
    }

    [Fact]
    public async Task The_stream_of_a_dataset_stops_with_the_reason()
    {
        using var bed = new StreamBed();
        bed.Tables.Expect(s_scored with { Action = ExpectationAction.Fail });
        await bed.PutAsync(0, Scored(1, 50), Scored(2, 5));
        var stop = await Should.ThrowAsync<ExpectationException>(bed.DrainAsync);
        stop.Message.ShouldContain("is_scored (score >= 10) stops stream.reading: 1 of 2 rows");
        (await bed.CleanRowsAsync()).ShouldBeEmpty();
        (await bed.LedgerAsync()).Waiting.ShouldBe(2);
    }

    private static string Scored(int id, int score) => $$"""{"id":{{id}},"name":"a","score":{{score}}}""";
}

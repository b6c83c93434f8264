using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Cleaning;
using Sluice.Cleaning.Raw;
using Sluice.Objects;
using Sluice.Testing;
using Sluice.Testing.Cleaning;

namespace Sluice.Unit.Cleaning;

public sealed class CleanerTests
{
    [Fact]
    public async Task Records_become_clean_rows_quarantine_and_duplicates_each_with_its_place()
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, 0, CleaningBed.Reading(1, " one "), "garbage", CleaningBed.Reading(2));
        await bed.PutAsync(0, 3, CleaningBed.Reading(1, "again"), """{"id":3,"name":" ","score":101}""", """{"id":null,"name":"x"}""");

        var report = await bed.CleanAsync();

        (report.Received, report.Clean, report.Quarantined, report.Duplicates, report.Commits).ShouldBe((6, 2, 3, 1, 1));
        report.Positions.ShouldBe([new CleanPosition(CleaningBed.Topic, 0, 6)]);
        (await bed.CleanRowsAsync()).ShouldBe(["1|one", "2|a"]);
        (await bed.QuarantineRowsAsync()).ShouldBe(
        [
            "0|1|2|not JSON", "0|4|2|column name: null after cleaning; check score_in_range: failed", "0|5|3|key id: null after cleaning",
        ]);
        (await bed.DuplicateRowsAsync()).ShouldBe(["0|3|1|1"]);
        (await bed.RowsAsync("quarantine.reading", """SELECT path, topic, object, raw, quarantined_at::VARCHAR FROM {t} WHERE "offset" = 1"""))
            .ShouldBe([$"batch|{CleaningBed.Topic}|{CleaningBed.ObjectKey(0, 0)}|garbage|2024-02-03 04:05:06+00"]);
        (await bed.LedgerAsync(6)).Closes.ShouldBeTrue();
    }

    [Fact]
    public async Task A_second_run_reads_only_what_is_new_and_knows_the_keys_of_the_first()
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, 0, CleaningBed.Reading(1), CleaningBed.Reading(2));
        await bed.CleanAsync();
        var nothing = await bed.CleanAsync();
        await bed.PutAsync(0, 2, CleaningBed.Reading(2), CleaningBed.Reading(3));
        await bed.PutAsync(1, 0, CleaningBed.Reading(3), CleaningBed.Reading(4));
        var second = await bed.CleanAsync();

        (nothing.Received, nothing.Commits).ShouldBe((0, 0));
        (second.Received, second.Clean, second.Duplicates).ShouldBe((4, 2, 2));
        (await bed.CleanRowsAsync()).ShouldBe(["1|a", "2|a", "3|a", "4|a"]);
        (await bed.DuplicateRowsAsync()).ShouldBe(["0|2|1|2", "1|0|1|3"]);
        var ledger = await bed.LedgerAsync(4, 2);
        ledger.Partitions.Select(p => (p.Clean, p.Duplicates)).ShouldBe([(3, 1), (1, 1)]);
        ledger.Closes.ShouldBeTrue();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(1000)]
    public async Task The_first_by_partition_and_offset_is_kept_whatever_a_commit_holds(int rowsPerCommit)
    {
        using var bed = new CleaningBed();
        bed.Options = bed.Options with { RowsPerCommitMax = rowsPerCommit };
        for (var partition = 10; partition >= 0; partition -= 5)
        {
            for (var start = 0; start < 12; start += 4)
                await bed.PutAsync(partition, start, [.. Enumerable.Range(start, 4).Select(i => CleaningBed.Reading(i % 6, $"p{partition} o{i}"))]);
        }

        var report = await bed.CleanAsync();

        report.Commits.ShouldBe((36 + rowsPerCommit - 1) / rowsPerCommit);
        (await bed.CleanRowsAsync()).ShouldBe([.. Enumerable.Range(0, 6).Select(i => $"{i}|p0 o{i}")]);
        (await bed.DuplicateRowsAsync()).Count.ShouldBe(30);
        (await bed.CleanAsync()).Received.ShouldBe(0);
    }

    [Fact]
    public async Task Offsets_and_lines_hold_over_objects_partitions_and_commits_that_end_inside_an_object()
    {
        using var bed = new CleaningBed();
        bed.Options = bed.Options with { RowsPerCommitMax = 3, ReadBytes = 7 };
        await bed.PutAsync(0, 40, "x", CleaningBed.Reading(1), CleaningBed.Reading(2), "y", CleaningBed.Reading(3));
        await bed.PutAsync(0, 45, "z");
        await bed.PutAsync(2, 9_999_999_998, CleaningBed.Reading(4), "w");

        await bed.CleanAsync();

        (await bed.QuarantineRowsAsync()).ShouldBe(["0|40|1|not JSON", "0|43|4|not JSON", "0|45|1|not JSON", "2|9999999999|2|not JSON"]);
        (await bed.CleanRowsAsync()).Count.ShouldBe(4);
    }

    [Fact]
    public async Task A_run_that_stopped_inside_an_object_goes_on_from_there()
    {
        using var bed = new CleaningBed();
        bed.Options = bed.Options with { RowsPerCommitMax = 2 };
        await bed.PutAsync(0, 0, [.. Enumerable.Range(0, 7).Select(i => CleaningBed.Reading(i))]);
        using var stop = new CancellationTokenSource();
        var progress = new StopAfterFirst(stop);
        await Should.ThrowAsync<OperationCanceledException>(() => bed.Cleaner.CleanAsync(CleaningBed.Dataset, stop.Token, progress));

        var rest = await bed.CleanAsync();

        rest.Received.ShouldBe(7 - progress.Received);
        (await bed.CleanRowsAsync()).Count.ShouldBe(7);
        (await bed.LedgerAsync(7)).Closes.ShouldBeTrue();
    }

    [Fact]
    public async Task Bytes_that_are_no_text_and_lines_of_any_length_stand_beside_good_rows()
    {
        using var bed = new CleaningBed();
        bed.Options = bed.Options with { ReadBytes = 1 << 20 };
        var note = new string('n', 10 << 20);
        await bed.PutBytesAsync(
            0, 0,
            Encoding.UTF8.GetBytes(CleaningBed.Reading(1)),
            [0x7B, 0xFF, 0x00, 0x5C],
            Encoding.UTF8.GetBytes($$"""{"id":2,"name":"big","note":"{{note}}"}"""),
            Encoding.UTF8.GetBytes("broken" + note),
            [],
            Encoding.UTF8.GetBytes(CleaningBed.Reading(3, @"a\r\nb\u0000c")),
            Encoding.UTF8.GetBytes("\uFEFF" + CleaningBed.Reading(4)),
            Encoding.UTF8.GetBytes(CleaningBed.Reading(5, "u\u2028v") + "\r"),
            "null"u8.ToArray());

        await bed.CleanAsync();

        (await bed.RowsAsync("batch.reading", "SELECT id, length(name), length(note) FROM {t} ORDER BY id"))
            .ShouldBe(["1|1|null", $"2|3|{10 << 20}", "3|6|null", "5|3|null"]);
        (await bed.QuarantineRowsAsync()).ShouldBe(
            ["0|1|2|not UTF-8", "0|3|4|not JSON", "0|4|5|not JSON", "0|6|7|not JSON", "0|8|9|not a JSON object"]);
        (await bed.RowsAsync("quarantine.reading", """SELECT raw FROM {t} WHERE "offset" = 1""")).ShouldBe([@"!escaped {\xFF\x00\\"]);
        (await bed.RowsAsync("quarantine.reading", """SELECT length(raw) FROM {t} WHERE "offset" = 3""")).ShouldBe([$"{(10 << 20) + 6}"]);
        (await bed.LedgerAsync(9)).Closes.ShouldBeTrue();
    }

    [Fact]
    public async Task A_record_for_which_the_SQL_fails_is_quarantined_alone_with_what_DuckDB_says()
    {
        using var bed = new CleaningBed();
        var lines = Enumerable.Range(0, 300).Select(i => CleaningBed.Reading(i)).ToArray();
        lines[77] = CleaningBed.Reading(1L << 40);
        lines[123] = CleaningBed.Reading(-(1L << 40));
        await bed.PutAsync(0, 0, lines);

        var report = await bed.CleanAsync();

        (report.Clean, report.Quarantined).ShouldBe((298, 2));
        var rows = await bed.QuarantineRowsAsync();
        rows[0].ShouldStartWith("0|77|78|clean SQL: Conversion Error");
        rows[1].ShouldStartWith("0|123|124|clean SQL: Conversion Error");
    }

    [Fact]
    public async Task A_record_that_the_SQL_drops_or_doubles_is_quarantined()
    {
        using var bed = new CleaningBed("""
            SELECT CAST(id AS INTEGER) AS id, name, score, active, note, _position
            FROM source, range(CASE id WHEN 3 THEN 0 WHEN 5 THEN 2 ELSE 1 END)
            """);
        await bed.PutAsync(0, 0, [.. Enumerable.Range(0, 8).Select(i => CleaningBed.Reading(i))]);

        await bed.CleanAsync();

        (await bed.QuarantineRowsAsync()).ShouldBe(
            ["0|3|4|clean SQL: no row for the record", "0|5|6|clean SQL: several rows for the record"]);
        (await bed.CleanRowsAsync()).Count.ShouldBe(6);
        (await bed.LedgerAsync(8)).Closes.ShouldBeTrue();
    }

    [Fact]
    public async Task SQL_that_does_not_pass_the_position_through_is_refused_and_nothing_is_committed()
    {
        using var bed = new CleaningBed("SELECT CAST(id AS INTEGER) AS id, name, score, active, note, _position + 7 AS _position FROM source");
        await bed.PutAsync(0, 0, CleaningBed.Reading(1));
        (await Should.ThrowAsync<CleanSqlException>(bed.CleanAsync)).Message.ShouldContain("clean/reading.sql");
        (await bed.CleanRowsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task SQL_that_does_not_bind_names_its_file_and_line()
    {
        using var bed = new CleaningBed("SELECT\n  nosuch AS id\nFROM source");
        await bed.PutAsync(0, 0, CleaningBed.Reading(1));
        (await Should.ThrowAsync<Sluice.Sql.SqlException>(bed.CleanAsync)).Message.ShouldStartWith("clean/reading.sql:2:");
    }

    [Fact]
    public async Task Missing_offsets_stop_the_run_behind_what_comes_before_them_and_are_named()
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, 0, CleaningBed.Reading(1), CleaningBed.Reading(2));
        await bed.PutAsync(0, 5, CleaningBed.Reading(3));

        var failure = await Should.ThrowAsync<RawDataException>(bed.CleanAsync);

        failure.Message.ShouldContain("Records 2 to 4 of test.reading-0");
        (await bed.CleanRowsAsync()).Count.ShouldBe(2);
        await bed.PutAsync(0, 2, CleaningBed.Reading(4), CleaningBed.Reading(5), CleaningBed.Reading(6));
        (await bed.CleanAsync()).Clean.ShouldBe(4);
    }

    [Theory]
    [InlineData("topics", 0, 2)]
    [InlineData("topics", 1, 4)]
    [InlineData("topics.offsets", 0, 2)]
    [InlineData("topics.offsets", 1, 4)]
    public async Task A_foreign_object_stops_the_run_behind_what_comes_before_it_and_is_named(string folder, int partition, int before)
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, 0, CleaningBed.Reading(1), CleaningBed.Reading(2));
        await bed.PutAsync(0, 2, CleaningBed.Reading(3));
        await bed.PutAsync(1, 0, CleaningBed.Reading(4));
        await bed.PutAsync(1, 1, CleaningBed.Reading(5));
        var foreign = new ObjectKey($"{folder}{CleaningBed.ObjectKey(partition, 0)["topics".Length..]}.bak");
        await bed.Raw.PutAsync(foreign, "x"u8.ToArray(), CleaningBed.Cancel);

        (await Should.ThrowAsync<RawDataException>(bed.CleanAsync)).Message.ShouldContain($"{foreign} is not named");

        (await bed.CleanRowsAsync()).Count.ShouldBe(before);
        await bed.Raw.DeleteAsync(foreign, CleaningBed.Cancel);
        (await bed.CleanAsync()).Clean.ShouldBe(5 - before);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1000)]
    public async Task An_object_that_is_gone_since_it_was_listed_stops_the_run_behind_what_comes_before_it(int readBytes)
    {
        using var bed = new CleaningBed();
        bed.Options = bed.Options with { ReadBytes = readBytes };
        await bed.PutAsync(0, 0, CleaningBed.Reading(1), CleaningBed.Reading(2));
        await bed.PutAsync(0, 2, CleaningBed.Reading(3));
        var raw = new StoreWithout(bed.Raw, new ObjectKey(CleaningBed.ObjectKey(0, 2)));
        var cleaner = new Cleaner(bed.Pipeline, raw, bed.Catalog, bed.Options, bed.Time, NullLogger<Cleaner>.Instance);

        (await Should.ThrowAsync<RawDataException>(() => cleaner.CleanAsync(CleaningBed.Dataset, CleaningBed.Cancel))).Message
            .ShouldContain("bytes when listed and has them no more");

        (await bed.CleanRowsAsync()).ShouldBe(["1|a", "2|a"]);
    }

    [Fact]
    public async Task Objects_that_overlap_are_read_once_by_offset()
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, 0, CleaningBed.Reading(0), CleaningBed.Reading(1), CleaningBed.Reading(2));
        await bed.PutAsync(0, 2, CleaningBed.Reading(2), CleaningBed.Reading(3));
        await bed.PutAsync(0, 3, CleaningBed.Reading(3));
        var report = await bed.CleanAsync();
        (report.Received, report.Clean, report.Duplicates).ShouldBe((4, 4, 0));
    }

    [Fact]
    public async Task Two_runs_at_once_double_nothing()
    {
        using var bed = new CleaningBed();
        bed.Options = bed.Options with { RowsPerCommitMax = 10, AttemptsMax = 100 };
        await bed.PutAsync(0, 0, [.. Enumerable.Range(0, 60).Select(i => i % 7 == 0 ? "bad" : CleaningBed.Reading(i % 40))]);
        var reports = await Task.WhenAll(bed.CleanAsync(), bed.CleanAsync());
        reports.Sum(report => report.Clean).ShouldBe((await bed.CleanRowsAsync()).Count);
        (await bed.CleanRowsAsync()).Distinct().Count().ShouldBe((await bed.CleanRowsAsync()).Count);
        (await bed.LedgerAsync(60)).Closes.ShouldBeTrue();
    }

    [Fact]
    public async Task An_unknown_dataset_is_named_beside_those_there_are()
    {
        using var bed = new CleaningBed();
        (await Should.ThrowAsync<ArgumentException>(() => bed.Cleaner.CleanAsync("nosuch", CleaningBed.Cancel))).Message.ShouldContain("reading");
    }

    /// <summary>Lists an object that cannot be read.</summary>
    private sealed class StoreWithout(IObjectStore inner, ObjectKey gone) : ForwardingObjectStore(inner)
    {
        public override async ValueTask<ReadOnlyMemory<byte>?> GetRangeAsync(ObjectKey key, long start, int length, CancellationToken cancel) =>
            key == gone ? null : await base.GetRangeAsync(key, start, length, cancel);

        public override async ValueTask<string?> GetFileAsync(ObjectKey key, CancellationToken cancel) =>
            key == gone ? null : await base.GetFileAsync(key, cancel);
    }

    private sealed class StopAfterFirst(CancellationTokenSource stop) : IProgress<CleanReport>
    {
        public long Received { get; private set; }

        public void Report(CleanReport value)
        {
            Received = value.Received;
            stop.Cancel();
        }
    }
}

using Sluice.Cleaning;
using Sluice.Testing.Cleaning;

namespace Sluice.Unit.Cleaning;

public sealed class QuarantineTests
{
    private const string MendedSql = "SELECT CAST(id AS INTEGER) AS id, name, score / 10 AS score, active, note, _position FROM source";

    [Fact]
    public async Task Reasons_are_counted_by_dataset_and_path()
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, 0, "x", "y", """{"id":1,"name":" ","score":500}""", CleaningBed.Reading(2));
        await bed.CleanAsync();

        (await bed.Quarantine.ListAsync(null, CleaningBed.Cancel)).ShouldBe(
        [
            new QuarantineReason("reading", "batch", "not JSON", 2),
            new QuarantineReason("reading", "batch", "check score_in_range: failed", 1),
            new QuarantineReason("reading", "batch", "column name: null after cleaning", 1),
        ]);
        var shown = await bed.Quarantine.ShowAsync("reading", "not JSON", 1, CleaningBed.Cancel);
        shown.Single().Raw.ShouldBe("x");
        shown.Single().QuarantinedAt.ShouldBe(bed.Time.GetUtcNow());
        (await bed.Quarantine.ShowAsync("reading", null, 10, CleaningBed.Cancel)).Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_pipeline_that_never_ran_has_an_empty_quarantine()
    {
        using var bed = new CleaningBed();
        (await bed.Quarantine.ListAsync(null, CleaningBed.Cancel)).ShouldBeEmpty();
        (await bed.Quarantine.ShowAsync("reading", null, 10, CleaningBed.Cancel)).ShouldBeEmpty();
        (await bed.Quarantine.ReplayAsync("reading", "batch", CleaningBed.Cancel)).ShouldBe(new ReplayReport("reading", "batch", 0, 0, 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public async Task A_replay_after_a_fix_moves_what_passes_and_keeps_what_does_not(int rowsPerCommit)
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(
            0, 0,
            """{"id":1,"name":"a","score":500}""",
            CleaningBed.Reading(2),
            """{"id":2,"name":"b","score":500}""",
            "garbage",
            """{"id":1,"name":"c","score":500}""",
            """{"id":5,"name":" far too long for a name ","score":500}""");
        await bed.CleanAsync();
        bed.Pipeline = CleaningBed.PipelineOf(MendedSql);
        bed.Options = bed.Options with { RowsPerCommitMax = rowsPerCommit };

        var report = await bed.Quarantine.ReplayAsync("reading", "batch", CleaningBed.Cancel);
        var again = await bed.Quarantine.ReplayAsync("reading", "batch", CleaningBed.Cancel);

        report.ShouldBe(new ReplayReport("reading", "batch", Clean: 1, Duplicates: 2, Quarantined: 2));
        again.ShouldBe(new ReplayReport("reading", "batch", 0, 0, 2));
        (await bed.CleanRowsAsync()).ShouldBe(["1|a", "2|a"]);
        (await bed.DuplicateRowsAsync()).ShouldBe(["0|2|3|2", "0|4|5|1"]);
        // The reason that the fix removed is gone, the one that remains is named.
        (await bed.QuarantineRowsAsync()).ShouldBe(["0|3|4|not JSON", "0|5|6|check name_is_short: failed"]);
        var ledger = await bed.LedgerAsync(6);
        (ledger.Clean, ledger.Quarantined, ledger.Duplicates, ledger.Closes).ShouldBe((2, 2, 2, true));
    }
}

using Sluice.Cleaning;
using Sluice.Objects;
using Sluice.Sql;
using Sluice.Tables;
using Sluice.Testing;
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_two_replays_at_once_one_moves_a_record(bool otherDies)
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, 0, Mendable(1), Mendable(2), "garbage", Mendable(1), Mendable(3));
        await bed.CleanAsync();
        bed.Pipeline = CleaningBed.PipelineOf(MendedSql);
        bed.Reopen(store => new HookedStore(store)
        {
            AfterCommit = key => otherDies && IsOf("batch", key) ? throw new DiedException() : Task.CompletedTask,
        });
        var other = bed.Quarantine;
        ReplayReport? byOther = null;
        var hasRead = false;
        bed.Reopen(store => new HookedStore(store)
        {
            BeforeRead = async key =>
            {
                hasRead |= IsOf("quarantine", key) && key.Value.EndsWith(".parquet", StringComparison.Ordinal);
                if (!hasRead || byOther is not null || !IsOf("batch", key)) return;
                byOther = new ReplayReport("reading", "batch", 0, 0, 0);
                if (otherDies) await Should.ThrowAsync<DiedException>(ReplayAsync(other));
                else byOther = await ReplayAsync(other);
            },
        });

        var report = await ReplayAsync(bed.Quarantine);

        report.ShouldBe(new ReplayReport("reading", "batch", 0, 0, Quarantined: 1));
        byOther.ShouldBe(otherDies ? new ReplayReport("reading", "batch", 0, 0, 0) : new ReplayReport("reading", "batch", 3, 1, 1));
        (await bed.CleanRowsAsync()).ShouldBe(["1|a", "2|a", "3|a"]);
        (await bed.DuplicateRowsAsync()).ShouldBe(["0|3|4|1"]);
        (await bed.QuarantineRowsAsync()).ShouldBe(["0|2|3|not JSON"]);
        (await bed.LedgerAsync(5)).Closes.ShouldBeTrue();
    }

    [Fact]
    public async Task A_replay_that_starts_over_reports_what_it_moved_before()
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, 0, Mendable(1), Mendable(2), "garbage");
        await bed.CleanAsync();
        await bed.PutAsync(0, 3, Mendable(1), "garbage");
        await bed.CleanAsync();
        bed.Pipeline = CleaningBed.PipelineOf(MendedSql);
        var quarantine = await bed.Catalog.OpenAsync(new TableName("quarantine", CleaningBed.Dataset), CleaningBed.Cancel);
        using var duckDb = DuckDb.Open(new DuckDbOptions(bed.Options.TempDirectory, 256L << 20, 1));
        using var connection = duckDb.Connect();
        Compaction? compaction = null;
        bed.Reopen(store => new HookedStore(store)
        {
            BeforeCommit = async key =>
            {
                if (compaction is not null || !IsOf("quarantine", key)) return;
                compaction = await quarantine!.CompactAsync(connection, new CompactionOptions { FilesPerTier = 2 }, CleaningBed.Cancel);
            },
        });

        var report = await ReplayAsync(bed.Quarantine);

        compaction!.Commit.Outcome.ShouldBe(CommitOutcome.Committed);
        report.ShouldBe(new ReplayReport("reading", "batch", Clean: 2, Duplicates: 1, Quarantined: 2));
        (await bed.QuarantineRowsAsync()).Count.ShouldBe(2);
        (await bed.LedgerAsync(5)).Closes.ShouldBeTrue();
    }

    private static string Mendable(int id) => $$"""{"id":{{id}},"name":"a","score":500}""";

    private static Task<ReplayReport> ReplayAsync(Quarantine quarantine) => quarantine.ReplayAsync(CleaningBed.Dataset, "batch", CleaningBed.Cancel);

    private static bool IsOf(string kind, ObjectKey key) => key.Value.StartsWith($"{kind}/{CleaningBed.Dataset}/", StringComparison.Ordinal);

    private sealed class DiedException() : Exception("The process died here.");

    /// <summary>A store in which something happens between two operations.</summary>
    private sealed class HookedStore(IObjectStore inner) : ForwardingObjectStore(inner)
    {
        public Func<ObjectKey, Task> BeforeRead { get; init; } = _ => Task.CompletedTask;

        public Func<ObjectKey, Task> BeforeCommit { get; init; } = _ => Task.CompletedTask;

        public Func<ObjectKey, Task> AfterCommit { get; init; } = _ => Task.CompletedTask;

        public override async ValueTask<ReadOnlyMemory<byte>?> GetAsync(ObjectKey key, CancellationToken cancel)
        {
            await BeforeRead(key);
            return await base.GetAsync(key, cancel);
        }

        public override async ValueTask<string?> GetFileAsync(ObjectKey key, CancellationToken cancel)
        {
            await BeforeRead(key);
            return await base.GetFileAsync(key, cancel);
        }

        public override async ValueTask<bool> PutIfAbsentAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel)
        {
            await BeforeCommit(key);
            var done = await base.PutIfAbsentAsync(key, content, cancel);
            await AfterCommit(key);
            return done;
        }
    }
}

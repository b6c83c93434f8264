using CsCheck;
using Shouldly;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Unit.Tables;

public sealed class CompactionTests
{
    private static readonly CompactionOptions s_options = new() { FilesPerTier = 4 };

    [Fact]
    public async Task Small_files_become_one_in_a_commit_that_changes_no_row()
    {
        await using var bed = new TableBed();
        var table = await FourFilesAsync(bed);
        var (rows, before) = (await bed.RowsAsync(table), await table.SnapshotAsync(TableBed.Cancel));

        var compaction = await table.CompactAsync(bed.Connection, s_options, TableBed.Cancel);

        compaction.ShouldNotBeNull().Commit.Outcome.ShouldBe(CommitOutcome.Committed);
        (compaction.Removed.Count, compaction.Added.Count).ShouldBe((4, 1));
        var after = await table.SnapshotAsync(TableBed.Cancel);
        (after.Files.Count, after.RowCount, after.TransactionVersion("reader")).ShouldBe((1, before.RowCount, 3));
        (await bed.RowsAsync(table)).ShouldBe(rows);
        // Who reads the version before is not held up: its files are there.
        (await bed.RowsAsync(table, before)).ShouldBe(rows);
        var log = bed.LogText(table, "00000000000000000005.json");
        log.ShouldContain("\"operation\":\"OPTIMIZE\"");
        log.ShouldContain("\"isBlindAppend\":false");
        log.ShouldContain("\"numRemovedFiles\":\"4\"");
        log.ShouldNotContain("\"dataChange\":true");
        (await table.CompactAsync(bed.Connection, s_options, TableBed.Cancel)).ShouldBeNull();
        // A fresh catalog reads the same from the log alone.
        using var fresh = new TableBed(root: bed.Root);
        (await fresh.RowsAsync((await fresh.Catalog.OpenAsync(table.Name, TableBed.Cancel))!)).ShouldBe(rows);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_append_prepared_before_a_compaction_follows_it_also_when_it_looked_at_the_rows(bool readsTable)
    {
        await using var bed = new TableBed();
        var table = await FourFilesAsync(bed);
        var basis = await table.SnapshotAsync(TableBed.Cancel);
        var adds = await table.WriteFilesAsync(bed.Connection, "SELECT 99::BIGINT AS id", TableBed.Cancel);
        (await table.CompactAsync(bed.Connection, s_options, TableBed.Cancel))!.Commit.Outcome.ShouldBe(CommitOutcome.Committed);
        var result = await table.CommitAsync(basis, TableBed.Append(adds) with { ReadsTable = readsTable }, TableBed.Cancel);
        (result.Outcome, result.Version).ShouldBe((CommitOutcome.Committed, 6));
        (await bed.RowsAsync(table)).Count.ShouldBe(5);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_compaction_follows_appends_that_came_first_and_gives_way_to_an_overwrite(bool overwrite)
    {
        await using var bed = new TableBed();
        var table = await FourFilesAsync(bed);
        // Another process, which has not seen the change, merges the files.
        using var other = new TableBed(root: bed.Root);
        var same = (await other.Catalog.OpenAsync(table.Name, TableBed.Cancel))!;
        var basis = await same.SnapshotAsync(TableBed.Cancel);
        if (overwrite) await table.CommitAsync(basis, TableBed.Overwrite([]), TableBed.Cancel);
        else await bed.AppendAsync(table, "SELECT 5::BIGINT AS id");
        var removed = CompactionPlan.Pick(basis.Files, s_options);
        var added = await same.WriteFilesAsync(other.Connection, $"SELECT * FROM {await same.RelationAsync(basis, removed, TableBed.Cancel)}", TableBed.Cancel);
        var change = new Change("OPTIMIZE", new Dictionary<string, string>(), added, Overwrite: false, []) { Removes = removed, DataChange = false };
        var result = await same.CommitAsync(basis, change, TableBed.Cancel);

        result.Outcome.ShouldBe(overwrite ? CommitOutcome.DeleteConflict : CommitOutcome.Committed);
        (await other.RowsAsync(same)).Count.ShouldBe(overwrite ? 0 : 5);
    }

    [Fact]
    public async Task A_table_that_is_compacted_after_each_commit_holds_few_small_files_and_all_its_rows()
    {
        await using var bed = new TableBed();
        using var compactor = new TableCompactor(Path.Combine(bed.Root, "compact"), new CompactionOptions());
        var table = await bed.CreateAsync("a", ("id", "BIGINT"));
        var most = 0;
        for (var i = 0; i < 70; i++)
        {
            await bed.AppendAsync(table, $"SELECT {i}::BIGINT AS id");
            await compactor.CompactAsync(table, TableBed.Cancel);
            most = Math.Max(most, (await table.SnapshotAsync(TableBed.Cancel)).Files.Count);
        }

        most.ShouldBeLessThanOrEqualTo(16);
        bed.Rows($"SELECT count(DISTINCT id) AS n, count(*) AS c FROM {await table.RelationAsync(await table.SnapshotAsync(TableBed.Cancel), TableBed.Cancel)}")
            .ShouldBe(["""{"n":70,"c":70}"""]);
    }

    [Fact]
    public void Files_of_any_sizes_rest_at_sixty_small_ones_or_less() => Gen.Long[1, 200L << 20].Array[0, 600].Sample(sizes =>
    {
        var options = new CompactionOptions();
        var files = sizes.Select((size, i) => new AddFile($"f{i}", size, i, null)).ToList();
        while (CompactionPlan.Pick(files, options) is { Count: > 0 } merged)
        {
            merged.Count.ShouldBeGreaterThanOrEqualTo(2);
            (merged.Count == 2 || merged.Sum(file => file.Size) <= options.BytesMax).ShouldBeTrue();
            files.RemoveAll(merged.Contains);
            files.Add(new AddFile($"m{files.Count}-{merged[0].Path}", merged.Sum(file => file.Size), 0, null));
        }

        CompactionPlan.SmallFiles(files, options).ShouldBeLessThanOrEqualTo(60);
        files.Sum(file => file.Size).ShouldBe(sizes.Sum());
    });

    [Fact]
    public async Task Removes_leave_the_state_and_the_checkpoints_when_they_expire_and_large_checkpoints_are_rarer()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var bed = new TableBed(time, options: o => o with { TombstoneRetention = TimeSpan.FromHours(1), CheckpointActionsPerInterval = 20 });
        var table = await FourFilesAsync(bed);
        await table.CompactAsync(bed.Connection, s_options, TableBed.Cancel);
        (await table.SnapshotAsync(TableBed.Cancel)).State.Tombstones.Count.ShouldBe(4);
        time.Advance(TimeSpan.FromHours(2));
        for (var i = 6; i <= 30; i++) await bed.AppendAsync(table, $"SELECT {i}::BIGINT AS id");
        (await table.SnapshotAsync(TableBed.Cancel)).State.Tombstones.Count.ShouldBe(0);
        Directory.GetFiles(Path.Combine(bed.TableDirectory(table), "_delta_log"), "*.checkpoint.parquet").Select(Path.GetFileName)
            .Order(StringComparer.Ordinal).ShouldBe(["00000000000000000010.checkpoint.parquet", "00000000000000000020.checkpoint.parquet"]);
        (await bed.RowsAsync(table)).Count.ShouldBe(29);
    }

    [Fact]
    public async Task Merged_files_are_deleted_once_the_tables_own_retention_is_over_and_not_before()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var bed = new TableBed(time);
        var properties = new Dictionary<string, string> { ["delta.deletedFileRetentionDuration"] = "interval 1 hours" };
        var table = await bed.Catalog.OpenOrCreateAsync(new TableName("t", "a"), TableBed.Schema(("id", "BIGINT")), properties, TableBed.Cancel);
        for (var i = 0; i < 4; i++) await bed.AppendAsync(table, $"SELECT {i}::BIGINT AS id");
        var rows = await bed.RowsAsync(table);
        await table.CompactAsync(bed.Connection, s_options, TableBed.Cancel);
        time.Advance(TimeSpan.FromMinutes(59));
        (await table.DeleteExpiredAsync(TableBed.Cancel), Files()).ShouldBe((0, 5));
        time.Advance(TimeSpan.FromMinutes(2));
        (await table.DeleteExpiredAsync(TableBed.Cancel), Files()).ShouldBe((4, 1));
        (await table.DeleteExpiredAsync(TableBed.Cancel)).ShouldBe(0);
        (await bed.RowsAsync(table)).ShouldBe(rows);
        (await table.HistoryAsync(TableBed.Cancel))[^1].Parameters["properties"].ShouldBe("""{"delta.deletedFileRetentionDuration":"interval 1 hours"}""");

        int Files() => Directory.GetFiles(bed.TableDirectory(table), "*.parquet").Length;
    }

    private static async Task<DeltaTable> FourFilesAsync(TableBed bed)
    {
        var table = await bed.CreateAsync("a", ("id", "BIGINT"));
        for (var i = 0; i < 4; i++) await bed.AppendAsync(table, $"SELECT {i}::BIGINT AS id", new SetTransaction("reader", i));
        return table;
    }
}

using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Unit.Tables;

public sealed class UpkeepTests
{
    private static readonly DateTimeOffset s_start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Time_travel_finds_the_version_of_a_time(bool inCommit)
    {
        var time = new FakeTimeProvider(s_start);
        await using var bed = new TableBed(time);
        var properties = inCommit ? new Dictionary<string, string> { ["delta.enableInCommitTimestamps"] = "true" } : [];
        var table = await bed.Catalog.OpenOrCreateAsync(new TableName("t", "a"), TableBed.Schema(("a", "INTEGER")), properties, TableBed.Cancel);
        for (var i = 1; i <= 3; i++)
        {
            time.Advance(TimeSpan.FromHours(1));
            await bed.AppendAsync(table, $"SELECT {i}::INTEGER AS a");
        }

        (await table.SnapshotAsync(s_start, TableBed.Cancel)).Version.ShouldBe(0);
        (await table.SnapshotAsync(s_start.AddMinutes(150), TableBed.Cancel)).Version.ShouldBe(2);
        (await table.SnapshotAsync(s_start.AddYears(1), TableBed.Cancel)).Version.ShouldBe(3);
        await Should.ThrowAsync<TableVersionException>(async () => await table.SnapshotAsync(s_start.AddSeconds(-1), TableBed.Cancel));
        (await TableLint.CheckAsync(table, TableBed.Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task In_commit_timestamps_grow_even_when_the_clock_stands_or_goes_back()
    {
        var time = new FakeTimeProvider(s_start) { AutoAdvanceAmount = TimeSpan.Zero };
        await using var bed = new TableBed(time);
        var table = await bed.Catalog.OpenOrCreateAsync(
            new TableName("t", "a"), TableBed.Schema(("a", "INTEGER")), new Dictionary<string, string> { ["delta.enableInCommitTimestamps"] = "true" }, TableBed.Cancel);
        for (var i = 0; i < 12; i++) await bed.AppendAsync(table, $"SELECT {i}::INTEGER AS a");
        // A process that starts from a checkpoint knows the last time too.
        using var late = new TableBed(new FakeTimeProvider(s_start.AddDays(-1)), root: bed.Root);
        await late.AppendAsync((await late.Catalog.OpenAsync(table.Name, TableBed.Cancel))!, "SELECT 99::INTEGER AS a");
        (await table.HistoryAsync(TableBed.Cancel)).Select(c => (c.Time - s_start).TotalMilliseconds).ShouldBe(Enumerable.Range(0, 14).Reverse().Select(i => (double)i));
        (await TableLint.CheckAsync(table, TableBed.Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_vacuum_deletes_what_no_version_within_the_retention_needs_and_says_so_before()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var bed = new TableBed(time);
        var table = await bed.CreateAsync("a", ("a", "INTEGER"));
        await bed.AppendAsync(table, "SELECT 1::INTEGER AS a");
        await table.WriteFilesAsync(bed.Connection, "SELECT 5::INTEGER AS a", TableBed.Cancel);
        await table.DeleteAsync(bed.Connection, null, TableBed.Cancel);
        await bed.AppendAsync(table, "SELECT 2::INTEGER AS a");
        (await table.VacuumAsync(new VacuumOptions(), TableBed.Cancel)).Files.ShouldBeEmpty();
        await Should.ThrowAsync<TableUnsupportedException>(() => table.VacuumAsync(new VacuumOptions { Retention = TimeSpan.FromHours(1) }, TableBed.Cancel));
        time.Advance(TimeSpan.FromDays(8));
        var plan = await table.VacuumAsync(new VacuumOptions { DryRun = true }, TableBed.Cancel);
        plan.Files.Count.ShouldBe(2);
        Directory.GetFiles(bed.TableDirectory(table), "*.parquet").Length.ShouldBe(3);
        (await table.VacuumAsync(new VacuumOptions(), TableBed.Cancel)).Files.ShouldBe(plan.Files);
        Directory.GetFiles(bed.TableDirectory(table), "*.parquet").Length.ShouldBe(1);
        (await bed.RowsAsync(table)).ShouldBe(["""{"a":2}"""]);
        (await Should.ThrowAsync<TableVersionException>(() => table.RestoreAsync(1, TableBed.Cancel))).Message.ShouldContain("deleted");
        (await TableLint.CheckAsync(table, TableBed.Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_vacuum_and_the_deletion_of_expired_files_keep_a_file_of_which_rows_are_hidden()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var bed = new TableBed(time);
        var table = await bed.Catalog.OpenOrCreateAsync(
            new TableName("t", "a"), TableBed.Schema(("a", "INTEGER")), new Dictionary<string, string> { ["delta.enableDeletionVectors"] = "true" }, TableBed.Cancel);
        await bed.AppendAsync(table, "SELECT range::INTEGER AS a FROM range(3)");
        await table.DeleteAsync(bed.Connection, "a = 1", TableBed.Cancel);
        await table.DeleteAsync(bed.Connection, "a = 2", TableBed.Cancel);
        time.Advance(TimeSpan.FromDays(8));
        await table.DeleteExpiredAsync(TableBed.Cancel);
        // The vector of the first deletion is in use no more; that of the second is.
        (await table.VacuumAsync(new VacuumOptions(), TableBed.Cancel)).Files.ShouldHaveSingleItem().ShouldEndWith(".bin");
        (await bed.RowsAsync(table)).ShouldBe(["""{"a":0}"""]);
        (await TableLint.CheckAsync(table, TableBed.Cancel)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("classic")]
    [InlineData("v2")]
    public async Task The_log_is_cleaned_up_to_the_newest_checkpoint_that_is_old_enough(string policy)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(-60));
        await using var bed = new TableBed(time, options: o => o with { CheckpointInterval = 5, ChecksumInterval = 1 });
        var table = await bed.Catalog.OpenOrCreateAsync(
            new TableName("t", "a"), TableBed.Schema(("a", "INTEGER")), new Dictionary<string, string> { ["delta.checkpointPolicy"] = policy }, TableBed.Cancel);
        for (var i = 1; i <= 12; i++)
        {
            await bed.AppendAsync(table, $"SELECT {i}::INTEGER AS a");
            if (i == 7) time.Advance(TimeSpan.FromDays(60));
        }

        (await table.CleanLogAsync(TableBed.Cancel)).ShouldBe(9);
        (await table.HistoryAsync(TableBed.Cancel)).Select(c => c.Version).Min().ShouldBe(5);
        using var fresh = new TableBed(root: bed.Root);
        var reopened = (await fresh.Catalog.OpenAsync(table.Name, TableBed.Cancel))!;
        (await fresh.RowsAsync(reopened)).Count.ShouldBe(12);
        (await fresh.RowsAsync(reopened, await reopened.SnapshotAsync(6, TableBed.Cancel))).Count.ShouldBe(6);
        (await TableLint.CheckAsync(reopened, TableBed.Cancel)).ShouldBeEmpty();
        (await reopened.CleanLogAsync(TableBed.Cancel)).ShouldBe(0);
    }

    [Theory]
    [InlineData(15, true)]
    [InlineData(9, true)]
    [InlineData(8, false)]
    public async Task A_vacuum_keeps_files_for_longer_than_the_table_does_when_it_is_asked_to(int days, bool keeps)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var bed = new TableBed(time);
        var table = await bed.CreateAsync("a", ("a", "INTEGER"));
        await bed.AppendAsync(table, "SELECT 1::INTEGER AS a");
        time.Advance(TimeSpan.FromDays(10));
        await table.DeleteAsync(bed.Connection, null, TableBed.Cancel);
        time.Advance(TimeSpan.FromDays(8.5));
        await bed.AppendAsync(table, "SELECT 2::INTEGER AS a");
        // The checkpoint no longer names the file that is removed.
        await table.CheckpointAsync(TableBed.Cancel);
        using var fresh = new TableBed(time, root: bed.Root);
        var reopened = (await fresh.Catalog.OpenAsync(table.Name, TableBed.Cancel))!;
        (await reopened.SnapshotAsync(TableBed.Cancel)).State.Tombstones.ShouldBeEmpty();
        (await reopened.VacuumAsync(new VacuumOptions { Retention = TimeSpan.FromDays(days) }, TableBed.Cancel)).Files.Count.ShouldBe(keeps ? 0 : 1);
        if (keeps) (await fresh.RowsAsync(reopened, await reopened.SnapshotAsync(1, TableBed.Cancel))).ShouldBe(["{\"a\":1}"]);
    }

    [Fact]
    public async Task A_vacuum_refuses_a_retention_that_the_log_cannot_tell_of()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(60));
        await using var bed = new TableBed(time) { Verified = false };
        var table = await bed.CreateAsync("a", ("a", "INTEGER"));
        for (var i = 0; i < 3; i++) await bed.AppendAsync(table, $"SELECT {i}::INTEGER AS a");
        (await RefusedAsync(TimeSpan.FromDays(31))).ShouldContain("the log is kept for less");
        await table.VacuumAsync(new VacuumOptions { Retention = TimeSpan.FromDays(30) }, TableBed.Cancel);
        await table.CheckpointAsync(TableBed.Cancel);
        for (var version = 0; version < 3; version++) File.Delete(Path.Combine(bed.TableDirectory(table), "_delta_log", $"{version:D20}.json"));
        (await RefusedAsync(TimeSpan.FromDays(30))).ShouldContain("does not go back that far");

        async Task<string> RefusedAsync(TimeSpan retention)
        {
            var refused = await Should.ThrowAsync<TableUnsupportedException>(() => table.VacuumAsync(new VacuumOptions { Retention = retention }, TableBed.Cancel));
            refused.Message.ShouldContain("delta.deletedFileRetentionDuration");
            return refused.Message;
        }
    }

    [Fact]
    public async Task A_restore_whose_files_are_deleted_meanwhile_says_where_to_go_back_to()
    {
        await using var bed = new TableBed();
        var table = await bed.CreateAsync("a", ("a", "INTEGER"));
        await bed.AppendAsync(table, "SELECT 1::INTEGER AS a");
        await bed.AppendAsync(table, "SELECT 2::INTEGER AS a");
        await table.DeleteAsync(bed.Connection, "a = 1", TableBed.Cancel);
        using var other = new TableBed(root: bed.Root, wrap: store => new BeforeTheCommit(
            store, () => table.VacuumAsync(new VacuumOptions { Retention = TimeSpan.Zero, Force = true }, TableBed.Cancel)));
        var restored = (await other.Catalog.OpenAsync(table.Name, TableBed.Cancel))!;
        (await Should.ThrowAsync<TableVersionException>(() => restored.RestoreAsync(2, TableBed.Cancel))).Message.ShouldContain("restore version 3");
        (await table.RestoreAsync(3, TableBed.Cancel)).FilesRemoved.ShouldBe(1);
        (await bed.RowsAsync(table)).ShouldBe(["{\"a\":2}"]);
    }

    [Fact]
    public async Task A_vacuum_keeps_files_that_were_restored_while_it_looked_for_some_to_delete()
    {
        await using var bed = new TableBed();
        var table = await bed.CreateAsync("a", ("a", "INTEGER"));
        await bed.AppendAsync(table, "SELECT 1::INTEGER AS a");
        await table.DeleteAsync(bed.Connection, null, TableBed.Cancel);
        using var other = new TableBed(root: bed.Root, wrap: store => new BeforeTheListing(store, "t/a/", () => table.RestoreAsync(1, TableBed.Cancel)));
        var cared = (await other.Catalog.OpenAsync(table.Name, TableBed.Cancel))!;
        (await cared.VacuumAsync(new VacuumOptions { Retention = TimeSpan.Zero, Force = true }, TableBed.Cancel)).Files.ShouldBeEmpty();
        (await bed.RowsAsync(table)).ShouldBe(["{\"a\":1}"]);
    }

    [Fact]
    public async Task Rows_ordered_by_two_columns_need_few_files_for_a_filter_on_either()
    {
        await using var bed = new TableBed(options: o => o with { RowGroupRows = 2048 });
        var table = await bed.CreateAsync("a", ("x", "INTEGER"), ("y", "INTEGER"));
        await bed.AppendAsync(table, "SELECT (range % 256)::INTEGER AS x, (range // 256)::INTEGER AS y FROM range(65536) ORDER BY hash(range)");
        var done = (await table.OptimizeAsync(bed.Connection, new OptimizeOptions { ZOrderBy = ["x", "y"], FileBytesMax = 1 }, TableBed.Cancel)).ShouldNotBeNull();
        done.Commit.Outcome.ShouldBe(CommitOutcome.Committed);
        var snapshot = await table.SnapshotAsync(TableBed.Cancel);
        snapshot.Files.Count.ShouldBeGreaterThanOrEqualTo(16);
        snapshot.RowCount.ShouldBe(65536);
        foreach (var predicate in new[] { "x = 7", "y = 200" })
            (await table.FilesMatchingAsync(snapshot, predicate, TableBed.Cancel)).Count.ShouldBeLessThanOrEqualTo(snapshot.Files.Count / 2);
        bed.LogText(table, "00000000000000000002.json").ShouldNotContain("\"dataChange\":true");
        (await TableLint.CheckAsync(table, TableBed.Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_change_feed_gives_each_row_as_it_was_and_as_it_is()
    {
        await using var bed = new TableBed();
        var table = await bed.Catalog.OpenOrCreateAsync(
            new TableName("t", "a"), TableBed.Schema(("k", "INTEGER"), ("v", "VARCHAR")),
            new Dictionary<string, string> { ["delta.enableChangeDataFeed"] = "true", ["delta.enableDeletionVectors"] = "true" }, TableBed.Cancel);
        await bed.AppendAsync(table, "SELECT * FROM (VALUES (1::INTEGER, 'a'), (2, 'b'), (3, 'c')) v(k, v)");
        await table.UpdateAsync(bed.Connection, "k = 1", new Dictionary<string, string> { ["v"] = "'A'" }, TableBed.Cancel);
        await table.DeleteAsync(bed.Connection, "k = 2", TableBed.Cancel);
        await table.RestoreAsync(2, TableBed.Cancel);
        var changes = await table.ChangesAsync(1, 4, TableBed.Cancel);
        bed.Rows($"SELECT _commit_version AS n, _change_type AS c, k, v FROM {changes}").ShouldBe([
            """{"n":1,"c":"insert","k":1,"v":"a"}""", """{"n":1,"c":"insert","k":2,"v":"b"}""", """{"n":1,"c":"insert","k":3,"v":"c"}""",
            """{"n":2,"c":"update_postimage","k":1,"v":"A"}""", """{"n":2,"c":"update_preimage","k":1,"v":"a"}""",
            """{"n":3,"c":"delete","k":2,"v":"b"}""", """{"n":4,"c":"insert","k":2,"v":"b"}""",
        ]);
        var plain = await bed.CreateAsync("b", ("k", "INTEGER"));
        await Should.ThrowAsync<TableUnsupportedException>(() => plain.ChangesAsync(0, 0, TableBed.Cancel));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("name")]
    [InlineData("id")]
    public async Task The_change_feed_is_read_however_columns_are_mapped(string mode)
    {
        await using var bed = new TableBed();
        var schema = TableBed.Schema(("k", "INTEGER"), ("v", "STRUCT(x VARCHAR)"), ("p", "VARCHAR"));
        var properties = new Dictionary<string, string> { ["delta.enableChangeDataFeed"] = "true", ["delta.columnMapping.mode"] = mode };
        var table = await bed.Catalog.OpenOrCreateAsync(
            new TableName("t", "a"), new TableDesign(schema) { Properties = properties, PartitionColumns = ["p"] }, TableBed.Cancel);
        await bed.AppendAsync(table, "SELECT range::INTEGER AS k, {x: 'a'} AS v, 'q' AS p FROM range(2)");
        await table.UpdateAsync(bed.Connection, "k = 1", new Dictionary<string, string> { ["v"] = "{x: 'b'}" }, TableBed.Cancel);
        if (mode != "none") await table.AlterAsync(bed.Connection, [new TableAlteration.RenameColumn("k", "key"), new TableAlteration.AddColumn("later", "INTEGER")], TableBed.Cancel);
        var (key, last) = mode == "none" ? ("k", 2) : ("key", 3);
        bed.Rows($"SELECT _commit_version AS n, _change_type AS c, {key} AS k, v.x AS x, p FROM {await table.ChangesAsync(2, last, TableBed.Cancel)}").ShouldBe([
            "{\"n\":2,\"c\":\"update_postimage\",\"k\":1,\"x\":\"b\",\"p\":\"q\"}", "{\"n\":2,\"c\":\"update_preimage\",\"k\":1,\"x\":\"a\",\"p\":\"q\"}",
        ]);
    }

    [Fact]
    public async Task The_change_feed_tells_of_the_rows_that_a_merge_has_inserted_also_where_their_values_are_drawn()
    {
        await using var bed = new TableBed();
        var table = await bed.Catalog.OpenOrCreateAsync(
            new TableName("t", "a"), TableBed.Schema(("k", "INTEGER"), ("v", "VARCHAR")), new Dictionary<string, string> { ["delta.enableChangeDataFeed"] = "true" }, TableBed.Cancel);
        await bed.AppendAsync(table, "SELECT 1::INTEGER AS k, 'a' AS v");
        var values = new Dictionary<string, string> { ["k"] = "source.k", ["v"] = "uuid()::VARCHAR" };
        var merge = new Merge(
            "SELECT range::INTEGER AS k FROM range(1, 4)", "target.k = source.k",
            [new(MergeRows.Matched, MergeAction.Update, null, values), new(MergeRows.NotMatched, MergeAction.Insert, null, values)]);
        var done = await table.MergeAsync(bed.Connection, merge, TableBed.Cancel);
        (done.RowsUpdated, done.RowsInserted).ShouldBe((1, 2));
        var fed = bed.Rows($"SELECT k, v FROM {await table.ChangesAsync(2, 2, TableBed.Cancel)} WHERE _change_type IN ('insert', 'update_postimage')");
        fed.ShouldBe(await bed.RowsAsync(table));
    }
}

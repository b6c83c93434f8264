using Sluice.Sql;
using Sluice.Tables;
using Sluice.Testing;

namespace Sluice.Unit.Tables.Skipping;

/// <summary>What a merge need not read is gone from the disk: a merge that opens it fails.</summary>
public sealed class MergePruningTests
{
    [Theory]
    [InlineData("SELECT 5::INTEGER AS k, 'n' AS v", "target.k = source.k", true)]
    [InlineData("SELECT * FROM (VALUES (3::BIGINT, 'n'), (5, 'o'), (205, 'p'), (207, 'q')) s(k, v)", "source.k = target.k AND target.v <> source.v", true)]
    [InlineData("SELECT 5::INTEGER AS k, 'w' AS v", "target.v = source.v", true)]
    [InlineData("SELECT NULL::INTEGER AS k, 'n' AS v", "target.k = source.k", true)]
    [InlineData("SELECT 105::INTEGER AS k, 'n' AS v", "target.k = source.k", false)]
    [InlineData("SELECT range::INTEGER AS k, 'n' AS v FROM range(3, 3000)", "target.k = source.k", false)]
    [InlineData("SELECT '5' AS k, 'n' AS v", "target.k = source.k", false)]
    [InlineData("SELECT 5::INTEGER AS k, 'n' AS v", "target.k = source.k OR target.v = 'x'", false)]
    [InlineData("SELECT 5::INTEGER AS k, 'n' AS v", "target.k + 0 = source.k", false)]
    public async Task A_merge_opens_only_the_files_that_may_hold_a_key_of_the_source(string source, string on, bool pruned)
    {
        await using var bed = new TableBed { Verified = false };
        var table = await bed.CreateAsync("a", ("k", "INTEGER"), ("v", "VARCHAR"));
        await bed.AppendAsync(table, "SELECT range::INTEGER AS k, 'v' AS v FROM range(10)");
        await bed.AppendAsync(table, "SELECT (200 + range)::INTEGER AS k, 'v' AS v FROM range(10)");
        var kept = Directory.GetFiles(bed.TableDirectory(table), "*.parquet").ToHashSet();
        await bed.AppendAsync(table, "SELECT (100 + range)::INTEGER AS k, 'x' AS v FROM range(10)");
        foreach (var file in Directory.GetFiles(bed.TableDirectory(table), "*.parquet").Where(f => !kept.Contains(f))) File.Delete(file);
        var all = MergeClause.AllFromSource((await table.SnapshotAsync(TableBed.Cancel)).Schema);
        var merge = new Merge(source, on, [new(MergeRows.Matched, MergeAction.Update, null, all), new(MergeRows.NotMatched, MergeAction.Insert, null, all)]);
        if (pruned) (await table.MergeAsync(bed.Connection, merge, TableBed.Cancel)).Done.ShouldBeTrue();
        else await Should.ThrowAsync<TableFormatException>(() => table.MergeAsync(bed.Connection, merge, TableBed.Cancel));
    }

    [Fact]
    public async Task A_merge_that_changes_rows_without_a_match_reads_every_file()
    {
        await using var bed = new TableBed();
        var table = await bed.CreateAsync("a", ("k", "INTEGER"), ("v", "VARCHAR"));
        await bed.AppendAsync(table, "SELECT 1::INTEGER AS k, 'v' AS v");
        await bed.AppendAsync(table, "SELECT 100::INTEGER AS k, 'v' AS v");
        var merge = new Merge(
            "SELECT 1::INTEGER AS k", "target.k = source.k", [new(MergeRows.NotMatchedBySource, MergeAction.Delete, null, new Dictionary<string, string>())]);
        (await table.MergeAsync(bed.Connection, merge, TableBed.Cancel)).RowsDeleted.ShouldBe(1);
        (await bed.RowsAsync(table)).ShouldBe(["""{"k":1,"v":"v"}"""]);
    }

    [Fact]
    public async Task Keys_in_many_ranges_are_found_where_they_are()
    {
        await using var bed = new TableBed();
        var table = await bed.CreateAsync("a", ("k", "INTEGER"), ("v", "INTEGER"));
        for (var file = 0; file < 8; file++) await bed.AppendAsync(table, $"SELECT ({file} * 1000 + range)::INTEGER AS k, 0::INTEGER AS v FROM range(1000)");
        var random = new Random(11);
        var keys = Enumerable.Range(0, 3000).Select(_ => random.Next(2000, 9000)).Distinct().ToList();
        var values = new Dictionary<string, string> { ["v"] = "1" };
        var source = $"SELECT unnest([{string.Join(", ", keys)}])::INTEGER AS k";
        var done = await table.MergeAsync(bed.Connection, new Merge(source, "target.k = source.k", [new(MergeRows.Matched, MergeAction.Update, null, values)]), TableBed.Cancel);
        done.RowsUpdated.ShouldBe(keys.Count(k => k < 8000));
        done.Commit!.Value.Outcome.ShouldBe(CommitOutcome.Committed);
        var history = (await table.HistoryAsync(TableBed.Cancel))[0];
        history.Metrics["numRemovedFiles"].ShouldBe("6", string.Join(", ", history.Metrics));
    }
}

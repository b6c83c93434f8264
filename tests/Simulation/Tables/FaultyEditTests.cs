using Shouldly;
using Sluice.Objects;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Simulation.Tables;

/// <summary>A fault at every operation on the store of every change of rows and every upkeep: the table reads as before or as after, and its log is whole.</summary>
public sealed class FaultyEditTests
{
    public static TheoryData<string> Works => ["delete", "delete-vectors", "update", "merge", "overwrite", "optimize", "restore", "alter", "vacuum", "clean", "checkpoint", "checkpoint-v2", "append", "partitions", "compact", "expire"];

    [Theory]
    [MemberData(nameof(Works))]
    public async Task A_fault_at_any_one_operation_leaves_before_or_after_and_a_repetition_completes(string work)
    {
        using var bed = new TableBed(options: Options);
        foreach (var kind in new[] { Fault.Before, Fault.After })
        {
            for (var at = 0; ; at++)
            {
                if (!await RunAsync(bed, work, at, kind)) break;
                at.ShouldBeLessThan(200);
            }
        }
    }

    /// <returns>Whether the work got as far as the operation that fails.</returns>
    private static async Task<bool> RunAsync(TableBed bed, string work, int at, Fault kind)
    {
        var name = await StartAsync(bed, work, new TableName("t", $"{kind}{at}"));
        var before = await RowsAsync(bed, name);
        var story = $"{work}, fault {kind} operation {at}";
        var faults = new FaultPlan(story, n => n == at ? kind : Fault.None);
        var catalog = Catalog(bed, new FaultyObjectStore(bed.Store, faults));
        try
        {
            await DoAsync(bed, (await catalog.OpenAsync(name, TableBed.Cancel))!, work);
        }
        catch (IOException)
        {
            var seen = await RowsAsync(bed, name);
            await CleanAsync(bed, name, story);
            var fresh = await FreshAsync(bed, name);
            var done = (await fresh.SnapshotAsync(TableBed.Cancel)).Version > 4;
            if (!done) seen.ShouldBe(before, story);
            if (!done || work is "vacuum" or "clean" or "expire") await DoAsync(bed, fresh, work);
        }

        (await RowsAsync(bed, name)).ShouldBe(Wanted(work, before), story);
        await CleanAsync(bed, name, story);
        return faults.Count > at;
    }

    private static TablesOptions Options(TablesOptions options) => options with { CheckpointInterval = 5, ChecksumInterval = 1, TombstoneRetention = TimeSpan.Zero, LogRetention = TimeSpan.Zero };

    private static async Task<TableName> StartAsync(TableBed bed, string work, TableName name)
    {
        var properties = new Dictionary<string, string>();
        if (work is "delete-vectors" or "restore") properties["delta.enableDeletionVectors"] = "true";
        if (work is "checkpoint-v2") properties["delta.checkpointPolicy"] = "v2";
        if (work is "update") properties["delta.enableChangeDataFeed"] = "true";
        if (work is "restore") properties["delta.deletedFileRetentionDuration"] = "interval 1 week";
        var design = new TableDesign(TableBed.Schema(("a", "INTEGER"), ("b", "VARCHAR"))) { Properties = properties, PartitionColumns = work is "partitions" ? ["b"] : [] };
        var table = await bed.Catalog.OpenOrCreateAsync(name, design, TableBed.Cancel);
        for (var i = 1; i <= 3; i++) await bed.AppendAsync(table, $"SELECT ({i} * 10 + range)::INTEGER AS a, 'b' AS b FROM range(3)");
        await table.DeleteAsync(bed.Connection, "a = 11", TableBed.Cancel);
        return table.Name;
    }

    private static async Task DoAsync(TableBed bed, DeltaTable table, string work)
    {
        var values = new Dictionary<string, string> { ["b"] = "'u'" };
        switch (work)
        {
            case "delete" or "delete-vectors":
                (await table.DeleteAsync(bed.Connection, "a % 10 = 2", TableBed.Cancel)).Done.ShouldBeTrue();
                break;
            case "update":
                (await table.UpdateAsync(bed.Connection, "a % 10 = 2", values, TableBed.Cancel)).Done.ShouldBeTrue();
                break;
            case "merge":
                var all = MergeClause.AllFromSource((await table.SnapshotAsync(TableBed.Cancel)).Schema);
                var merge = new Merge("SELECT 12::INTEGER AS a, 'u' AS b UNION ALL SELECT 99, 'n'", "target.a = source.a", [new(MergeRows.Matched, MergeAction.Update, null, all), new(MergeRows.NotMatched, MergeAction.Insert, null, all)]);
                (await table.MergeAsync(bed.Connection, merge, TableBed.Cancel)).Done.ShouldBeTrue();
                break;
            case "overwrite":
                (await table.OverwriteAsync(bed.Connection, "a >= 20", "SELECT 50::INTEGER AS a, 'o' AS b", TableBed.Cancel)).Done.ShouldBeTrue();
                break;
            case "optimize" or "checkpoint" or "checkpoint-v2":
                await table.OptimizeAsync(bed.Connection, new OptimizeOptions { ZOrderBy = ["a", "b"] }, TableBed.Cancel);
                break;
            case "append":
                (await bed.AppendAsync(table, "SELECT 50::INTEGER AS a, 'o' AS b")).Outcome.ShouldBe(CommitOutcome.Committed);
                break;
            case "partitions":
                (await table.OverwritePartitionsAsync(bed.Connection, "SELECT 50::INTEGER AS a, 'b' AS b", TableBed.Cancel)).Done.ShouldBeTrue();
                break;
            case "compact":
                (await table.CompactAsync(bed.Connection, new CompactionOptions { FilesPerTier = 2 }, TableBed.Cancel))!.Commit.Outcome.ShouldBe(CommitOutcome.Committed);
                break;
            case "expire":
                await table.DeleteExpiredAsync(TableBed.Cancel);
                break;
            case "restore":
                await table.RestoreAsync(1, TableBed.Cancel);
                break;
            case "alter":
                await table.AlterAsync(bed.Connection, [new TableAlteration.AddConstraint("c", "a > 0")], TableBed.Cancel);
                break;
            case "vacuum":
                await table.VacuumAsync(new VacuumOptions(), TableBed.Cancel);
                break;
            default:
                await table.CheckpointAsync(TableBed.Cancel);
                await table.CleanLogAsync(TableBed.Cancel);
                break;
        }
    }

    private static IReadOnlyList<string> Wanted(string work, IReadOnlyList<string> before) => work switch
    {
        "delete" or "delete-vectors" => [.. before.Where(r => !IsTwo(r))],
        "update" => [.. before.Select(r => IsTwo(r) ? r.Replace("\"b\":\"b\"", "\"b\":\"u\"", StringComparison.Ordinal) : r)],
        "merge" => [.. before.Select(r => r.Contains(":12,", StringComparison.Ordinal) ? """{"a":12,"b":"u"}""" : r), """{"a":99,"b":"n"}"""],
        "overwrite" => [.. before.Where(r => r.Contains("\"a\":1", StringComparison.Ordinal)), """{"a":50,"b":"o"}"""],
        "append" => [.. before, """{"a":50,"b":"o"}"""],
        "partitions" => ["""{"a":50,"b":"b"}"""],
        "restore" => ["""{"a":10,"b":"b"}""", """{"a":11,"b":"b"}""", """{"a":12,"b":"b"}"""],
        _ => before,
    };

    private static bool IsTwo(string row) => row.Contains("2,\"b\"", StringComparison.Ordinal);

    private static async Task<IReadOnlyList<string>> RowsAsync(TableBed bed, TableName name)
    {
        return await bed.RowsAsync(await FreshAsync(bed, name));
    }

    private static async Task CleanAsync(TableBed bed, TableName name, string story)
    {
        (await TableLint.CheckAsync(await FreshAsync(bed, name), TableBed.Cancel)).ShouldBeEmpty(story);
    }

    private static TableCatalog Catalog(TableBed bed, IObjectStore store) =>
        new(store, TimeProvider.System, bed.DuckDb, Options(new TablesOptions(Path.Combine(bed.Root, "scratch"))));

    /// <summary>The table as a process opens it that starts now.</summary>
    private static async Task<DeltaTable> FreshAsync(TableBed bed, TableName name) => (await Catalog(bed, bed.Store).OpenAsync(name, TableBed.Cancel))!;
}

using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Sluice.Objects;
using Sluice.Tables;
using Sluice.Testing;

namespace Sluice.Simulation.Tables;

/// <summary>Every change of rows and every upkeep, each on a small table of its own at version 4, with what the table must hold afterwards.</summary>
internal sealed class TableWorks : IDisposable
{
    private static readonly DateTimeOffset s_start = new(2040, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(s_start);
    private readonly TableBed _bed;

    public TableWorks(string work)
    {
        Work = work;
        _bed = new TableBed(_time, options: Options);
    }

    public static IReadOnlyList<string> All { get; } =
    [
        "delete", "delete-vectors", "update", "merge", "overwrite", "optimize", "restore", "alter", "vacuum", "clean", "checkpoint", "checkpoint-v2", "append", "partitions",
        "compact", "expire",
    ];

    public string Work { get; }

    public string Store => _bed.Store.Root;

    public LocalObjectStore Objects => _bed.Store;

    /// <summary>Whether the work leaves no commit by which it could be told that it is done.</summary>
    private bool Repeats => Work is "vacuum" or "clean" or "expire";

    /// <summary>Makes the table that copies are taken of.</summary>
    public async Task StartAsync()
    {
        var properties = new Dictionary<string, string>();
        if (Work is "delete-vectors" or "restore") properties["delta.enableDeletionVectors"] = "true";
        if (Work is "checkpoint-v2") properties["delta.checkpointPolicy"] = "v2";
        if (Work is "update") properties["delta.enableChangeDataFeed"] = "true";
        if (Work is "restore") properties["delta.deletedFileRetentionDuration"] = "interval 1 week";
        var design = new TableDesign(TableBed.Schema(("a", "INTEGER"), ("b", "VARCHAR"))) { Properties = properties, PartitionColumns = Work is "partitions" ? ["b"] : [] };
        var table = await _bed.Catalog.OpenOrCreateAsync(new TableName("t", "first"), design, TableBed.Cancel);
        for (var i = 1; i <= 3; i++) await _bed.AppendAsync(table, $"SELECT ({i} * 10 + range)::INTEGER AS a, 'b' AS b FROM range(3)");
        await table.DeleteAsync(_bed.Connection, "a = 11", TableBed.Cancel);
        // A clean-up goes by whole days.
        if (Work is "clean")
        {
            await table.CheckpointAsync(TableBed.Cancel);
            _time.Advance(TimeSpan.FromDays(2));
        }
    }

    /// <summary>A copy of the table, by the name of the case.</summary>
    public TableName Copy(string name)
    {
        var (from, to) = (Path.Combine(Store, "t", "first"), Path.Combine(Store, "t", name));
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return new TableName("t", name);
    }

    /// <summary>Does the work over a store that fails, and what a stage does after a crash: look whether it is done, and repeat it otherwise.</summary>
    /// <param name="recovered">Called after the failure: the store is as a process finds it that starts now.</param>
    /// <returns>What a work that leaves no commit has changed.</returns>
    public async Task<int> RunAsync(TableName name, IObjectStore failing, string story, Action recovered)
    {
        var before = await RowsAsync(name);
        var changed = 0;
        try
        {
            changed = await DoAsync((await Catalog(failing).OpenAsync(name, TableBed.Cancel))!);
        }
        catch (IOException)
        {
            recovered();
            var seen = await RowsAsync(name);
            await CleanAsync(name, story);
            var fresh = await FreshAsync(name);
            var done = (await fresh.SnapshotAsync(TableBed.Cancel)).Version > 4;
            if (!done) seen.ShouldBe(before, story);
            if (!done || Repeats) changed = await DoAsync(fresh);
        }

        (await RowsAsync(name)).ShouldBe(Wanted(before), story);
        await CleanAsync(name, story);
        return changed;
    }

    public void Dispose() => _bed.Dispose();

    private static TablesOptions Options(TablesOptions options) =>
        options with { CheckpointInterval = 5, ChecksumInterval = 1, TombstoneRetention = TimeSpan.Zero, LogRetention = TimeSpan.Zero };

    private static bool IsTwo(string row) => row.Contains("2,\"b\"", StringComparison.Ordinal);

    private async Task<int> DoAsync(DeltaTable table)
    {
        switch (Work)
        {
            case "delete" or "delete-vectors" or "update" or "merge" or "overwrite" or "partitions":
                (await EditAsync(table)).Done.ShouldBeTrue();
                return 1;
            case "optimize" or "checkpoint" or "checkpoint-v2":
                return (await table.OptimizeAsync(_bed.Connection, new OptimizeOptions { ZOrderBy = ["a", "b"] }, TableBed.Cancel))!.Removed.Count;
            case "append":
                (await _bed.AppendAsync(table, "SELECT 50::INTEGER AS a, 'o' AS b")).Outcome.ShouldBe(CommitOutcome.Committed);
                return 1;
            case "compact":
                return (await table.CompactAsync(_bed.Connection, new CompactionOptions { FilesPerTier = 2 }, TableBed.Cancel))!.Removed.Count;
            case "expire": return await table.DeleteExpiredAsync(TableBed.Cancel);
            case "restore": return (await table.RestoreAsync(1, TableBed.Cancel)).FilesRemoved;
            case "alter":
                (await table.AlterAsync(_bed.Connection, [new TableAlteration.AddConstraint("c", "a > 0")], TableBed.Cancel)).Outcome.ShouldBe(CommitOutcome.Committed);
                return 1;
            case "vacuum": return (await table.VacuumAsync(new VacuumOptions(), TableBed.Cancel)).Files.Count;
            default:
                await table.CheckpointAsync(TableBed.Cancel);
                return await table.CleanLogAsync(TableBed.Cancel);
        }
    }

    private async Task<RowChange> EditAsync(DeltaTable table)
    {
        switch (Work)
        {
            case "update": return await table.UpdateAsync(_bed.Connection, "a % 10 = 2", new Dictionary<string, string> { ["b"] = "'u'" }, TableBed.Cancel);
            case "overwrite": return await table.OverwriteAsync(_bed.Connection, "a >= 20", "SELECT 50::INTEGER AS a, 'o' AS b", TableBed.Cancel);
            case "partitions": return await table.OverwritePartitionsAsync(_bed.Connection, "SELECT 50::INTEGER AS a, 'b' AS b", TableBed.Cancel);
            case "merge":
                var all = MergeClause.AllFromSource((await table.SnapshotAsync(TableBed.Cancel)).Schema);
                List<MergeClause> clauses = [new(MergeRows.Matched, MergeAction.Update, null, all), new(MergeRows.NotMatched, MergeAction.Insert, null, all)];
                return await table.MergeAsync(_bed.Connection, new Merge("SELECT 12::INTEGER AS a, 'u' AS b UNION ALL SELECT 99, 'n'", "target.a = source.a", clauses), TableBed.Cancel);
            default: return await table.DeleteAsync(_bed.Connection, "a % 10 = 2", TableBed.Cancel);
        }
    }

    private IReadOnlyList<string> Wanted(IReadOnlyList<string> before) => Work switch
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

    private async Task<IReadOnlyList<string>> RowsAsync(TableName name) => await _bed.RowsAsync(await FreshAsync(name));

    private async Task CleanAsync(TableName name, string story) => (await TableLint.CheckAsync(await FreshAsync(name), TableBed.Cancel)).ShouldBeEmpty(story);

    private TableCatalog Catalog(IObjectStore store) => new(store, _time, _bed.DuckDb, Options(new TablesOptions(Path.Combine(_bed.Root, "scratch"))));

    /// <summary>The table as a process opens it that starts now.</summary>
    private async Task<DeltaTable> FreshAsync(TableName name) => (await Catalog(_bed.Store).OpenAsync(name, TableBed.Cancel))!;
}

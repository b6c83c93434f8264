using Shouldly;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Simulation.Tables;

/// <summary>Writers of all kinds at once, each with a catalog of its own: what each was told is done is done, once, and nothing else is.</summary>
public sealed class MixedWritersTests
{
    private const int Rounds = 8;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Appends_deletes_merges_and_optimizes_at_once_leave_what_each_did(bool vectors)
    {
        await using var bed = new TableBed(options: o => o with { ChecksumInterval = 1 });
        var properties = new Dictionary<string, string> { ["delta.enableDeletionVectors"] = vectors ? "true" : "false" };
        var table = await bed.Catalog.OpenOrCreateAsync(new TableName("t", "a"), TableBed.Schema(("k", "INTEGER"), ("v", "INTEGER")), properties, TableBed.Cancel);
        await bed.AppendAsync(table, $"SELECT range::INTEGER AS k, 0::INTEGER AS v FROM range({Rounds})");
        await bed.AppendAsync(table, "SELECT -1::INTEGER AS k, 0::INTEGER AS v");
        var conflicts = 0;
        await Task.WhenAll(
            RunAsync((own, t, i) => AppendAsync(own, t, i)),
            RunAsync(async (own, t, i) => (await t.DeleteAsync(own.Connection, $"k = {i}", TableBed.Cancel)).Commit),
            RunAsync(async (own, t, _) => (await t.MergeAsync(own.Connection, CountUp, TableBed.Cancel)).Commit),
            RunAsync(async (own, t, _) => (await t.OptimizeAsync(own.Connection, new OptimizeOptions(), TableBed.Cancel))?.Commit));

        var rows = await bed.RowsAsync((await new TableCatalog(bed.Store, TimeProvider.System, bed.DuckDb, new TablesOptions(Path.Combine(bed.Root, "scratch")))
            .OpenAsync(table.Name, TableBed.Cancel))!);
        rows.ShouldBe(Enumerable.Range(0, Rounds).Select(i => $$"""{"k":{{100 + i}},"v":0}""").Prepend($$"""{"k":-1,"v":{{Rounds}}}"""), ignoreOrder: true);
        (await TableLint.CheckAsync(table, TableBed.Cancel)).ShouldBeEmpty($"{conflicts} conflicts");

        Task RunAsync(Func<TableBed, DeltaTable, int, Task<CommitResult?>> work) => Task.Run(async () =>
        {
            using var own = new TableBed(root: bed.Root);
            var same = (await own.Catalog.OpenAsync(table.Name, TableBed.Cancel))!;
            for (var i = 0; i < Rounds; i++)
            {
                for (var attempt = 0; await work(own, same, i) is { Outcome: not CommitOutcome.Committed } conflict; attempt++)
                {
                    ConflictText.ShouldNameItsRule(conflict);
                    Interlocked.Increment(ref conflicts);
                    attempt.ShouldBeLessThan(200);
                }
            }
        });
    }

    private static Merge CountUp { get; } = new(
        "SELECT -1::INTEGER AS k", "target.k = source.k", [new(MergeRows.Matched, MergeAction.Update, null, new Dictionary<string, string> { ["v"] = "target.v + 1" })]);

    private static async Task<CommitResult?> AppendAsync(TableBed bed, DeltaTable table, int i) =>
        await bed.AppendAsync(table, $"SELECT {100 + i}::INTEGER AS k, 0::INTEGER AS v");
}

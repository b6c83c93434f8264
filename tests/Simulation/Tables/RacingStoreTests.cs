using Shouldly;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Simulation.Tables;

/// <summary>Writers over a store as S3 is on a bad day: what each was told, or found out, is in the table once.</summary>
public sealed class RacingStoreTests
{
    private const int Writers = 5;
    private const int Appends = 6;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Every_append_is_in_the_table_once_whatever_became_of_the_answers(int seed)
    {
        await using var bed = new TableBed();
        var table = await bed.CreateAsync("a", ("writer", "INTEGER"), ("n", "INTEGER"));
        var stores = new List<RacingObjectStore>();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => AppendAllAsync(bed, table.Name, writer, seed, stores))));
        var fresh = (await Fresh(bed).OpenAsync(table.Name, TableBed.Cancel))!;
        var history = await fresh.HistoryAsync(TableBed.Cancel);
        history.Select(c => c.Version).ShouldBe(Enumerable.Range(0, (Writers * Appends) + 1).Reverse().Select(v => (long)v), $"seed {seed}");
        var wanted = Enumerable.Range(0, Writers).SelectMany(w => Enumerable.Range(0, Appends).Select(n => $$"""{"writer":{{w}},"n":{{n}}}"""));
        string.Join('\n', (await bed.RowsAsync(fresh)).Order(StringComparer.Ordinal)).ShouldBe(string.Join('\n', wanted.Order(StringComparer.Ordinal)), $"seed {seed}");
        stores.Sum(s => s.LostAnswers).ShouldBeGreaterThan(0, $"seed {seed} lost no answer, and so shows nothing");
    }

    /// <summary>Every change is one that may be made twice: what became of it when an answer was lost, only the next try finds out.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    public async Task Appends_deletes_merges_and_optimizes_leave_what_each_did_whatever_became_of_the_answers(int seed, bool vectors)
    {
        await using var bed = new TableBed();
        var properties = new Dictionary<string, string> { ["delta.enableDeletionVectors"] = vectors ? "true" : "false" };
        var table = await bed.Catalog.OpenOrCreateAsync(new TableName("t", "a"), TableBed.Schema(("writer", "INTEGER"), ("n", "INTEGER")), properties, TableBed.Cancel);
        await bed.AppendAsync(table, $"SELECT -1::INTEGER AS writer, range::INTEGER AS n FROM range({Appends})");
        await bed.AppendAsync(table, "SELECT -2::INTEGER AS writer, 0::INTEGER AS n");
        var stores = new List<RacingObjectStore>();
        var conflicts = new List<CommitResult>();
        await Task.WhenAll(
            Task.Run(() => AppendAllAsync(bed, table.Name, 7, seed, stores)),
            RepeatAsync(1, async (own, t, n) => (await t.DeleteAsync(own.Connection, $"writer = -1 AND n = {n}", TableBed.Cancel)).Commit),
            RepeatAsync(2, async (own, t, n) => (await t.MergeAsync(own.Connection, Upsert(n), TableBed.Cancel)).Commit),
            RepeatAsync(3, async (own, t, _) => (await t.OptimizeAsync(own.Connection, new OptimizeOptions(), TableBed.Cancel))?.Commit));

        var fresh = (await Fresh(bed).OpenAsync(table.Name, TableBed.Cancel))!;
        var history = (await fresh.HistoryAsync(TableBed.Cancel)).Select(c => c.Version).ToList();
        history.ShouldBe(Enumerable.Range(0, history.Count).Reverse().Select(v => (long)v), $"seed {seed}");
        var wanted = Enumerable.Range(0, Appends).SelectMany(n => new[] { $$"""{"writer":7,"n":{{n}}}""", $$"""{"writer":{{-10 - n}},"n":1}""" })
            .Append($$"""{"writer":-2,"n":{{Appends - 1}}}""");
        (await bed.RowsAsync(fresh)).ShouldBe(wanted, ignoreOrder: true, $"seed {seed}");
        stores.Sum(s => s.LostAnswers).ShouldBeGreaterThan(0, $"seed {seed} lost no answer, and so shows nothing");
        foreach (var conflict in conflicts) ConflictText.ShouldNameItsRule(conflict);

        Task RepeatAsync(int writer, Func<TableBed, DeltaTable, int, Task<CommitResult?>> change) => Task.Run(async () =>
        {
            using var own = Racing(bed, writer, seed, stores);
            for (var n = 0; n < Appends; n++)
            {
                for (var attempt = 0; !await OnceAsync(own, n, change); attempt++) attempt.ShouldBeLessThan(500, $"seed {seed}, writer {writer}");
            }
        });

        async Task<bool> OnceAsync(TableBed own, int n, Func<TableBed, DeltaTable, int, Task<CommitResult?>> change)
        {
            try
            {
                if (await own.Catalog.OpenAsync(table.Name, TableBed.Cancel) is not { } same) return false;
                if (await change(own, same, n) is not { Outcome: not CommitOutcome.Committed } conflict) return true;
                lock (conflicts) conflicts.Add(conflict);
                return false;
            }
            catch (IOException)
            {
                return false;
            }
        }
    }

    /// <summary>Raises one row, and puts one there that is new.</summary>
    private static Merge Upsert(int n) => new(
        $"SELECT -2::INTEGER AS writer, {n}::INTEGER AS n UNION ALL SELECT {-10 - n}, 1", "target.writer = source.writer",
        [
            new(MergeRows.Matched, MergeAction.Update, null, new Dictionary<string, string> { ["n"] = "source.n" }),
            new(MergeRows.NotMatched, MergeAction.Insert, null, new Dictionary<string, string> { ["writer"] = "source.writer", ["n"] = "source.n" }),
        ]);

    private static TableBed Racing(TableBed shared, int writer, int seed, List<RacingObjectStore> stores) => new(root: shared.Root, wrap: store =>
    {
        var racing = new RacingObjectStore(store, (seed * 100) + writer);
        lock (stores) stores.Add(racing);
        return racing;
    });

    private static async Task AppendAllAsync(TableBed shared, TableName name, int writer, int seed, List<RacingObjectStore> stores)
    {
        using var bed = Racing(shared, writer, seed, stores);
        for (var n = 0; n < Appends; n++)
        {
            // What a failure leaves unknown, the position in the table tells: as a stage does that repeats its work.
            for (var attempt = 0; !await AppendOnceAsync(bed, name, writer, n); attempt++) attempt.ShouldBeLessThan(500, $"seed {seed}, writer {writer}");
        }
    }

    private static async Task<bool> AppendOnceAsync(TableBed bed, TableName name, int writer, int n)
    {
        try
        {
            if (await bed.Catalog.OpenAsync(name, TableBed.Cancel) is not { } table) return false;
            var basis = await table.SnapshotAsync(TableBed.Cancel);
            if (basis.TransactionVersion($"w{writer}") >= n) return true;
            var adds = await table.WriteFilesAsync(bed.Connection, $"SELECT {writer}::INTEGER AS writer, {n}::INTEGER AS n", TableBed.Cancel);
            var result = await table.CommitAsync(basis, TableBed.Append(adds, new SetTransaction($"w{writer}", n)), TableBed.Cancel);
            return result.Outcome == CommitOutcome.Committed;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static TableCatalog Fresh(TableBed bed) => new(bed.Store, TimeProvider.System, bed.DuckDb, new TablesOptions(Path.Combine(bed.Root, "scratch")));
}

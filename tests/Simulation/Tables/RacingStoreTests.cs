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

    private static async Task AppendAllAsync(TableBed shared, TableName name, int writer, int seed, List<RacingObjectStore> stores)
    {
        using var bed = new TableBed(root: shared.Root, wrap: store =>
        {
            var racing = new RacingObjectStore(store, (seed * 100) + writer);
            lock (stores) stores.Add(racing);
            return racing;
        });
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

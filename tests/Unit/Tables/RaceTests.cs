using Shouldly;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Unit.Tables;

public sealed class RaceTests
{
    private const int Writers = 8;
    private const int Appends = 12;

    [Fact]
    public async Task Eight_catalogs_that_append_at_once_leave_contiguous_versions_and_every_row_once()
    {
        await using var bed = new TableBed();
        var table = await bed.CreateAsync("a", ("writer", "INTEGER"), ("n", "INTEGER"));
        // A catalog each: nothing in memory is shared, so they meet at the store as processes would.
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => AppendAllAsync(bed, table.Name, writer))));
        using var fresh = new TableBed(root: bed.Root);
        var reopened = (await fresh.Catalog.OpenAsync(table.Name, TableBed.Cancel))!;
        var snapshot = await reopened.SnapshotAsync(TableBed.Cancel);
        snapshot.Version.ShouldBe(Writers * Appends);
        (await reopened.HistoryAsync(TableBed.Cancel)).Select(c => c.Version).ShouldBe(Enumerable.Range(0, (Writers * Appends) + 1).Reverse().Select(v => (long)v));
        fresh.Rows($"SELECT writer, count(*) AS n, count(DISTINCT n) AS d FROM {await reopened.RelationAsync(snapshot, TableBed.Cancel)} GROUP BY ALL")
            .ShouldBe(Enumerable.Range(0, Writers).Select(w => $$"""{"writer":{{w}},"n":{{Appends}},"d":{{Appends}}}"""));
    }

    private static async Task AppendAllAsync(TableBed shared, TableName name, int writer)
    {
        using var bed = new TableBed(root: shared.Root);
        var table = (await bed.Catalog.OpenAsync(name, TableBed.Cancel))!;
        var basis = await table.SnapshotAsync(TableBed.Cancel);
        for (var n = 0; n < Appends; n++)
        {
            var adds = await table.WriteFilesAsync(bed.Connection, $"SELECT {writer}::INTEGER AS writer, {n}::INTEGER AS n", TableBed.Cancel);
            var result = await table.CommitAsync(basis, TableBed.Append(adds, new SetTransaction($"w{writer}", n)), TableBed.Cancel);
            result.Outcome.ShouldBe(CommitOutcome.Committed);
            // Every other append goes on from an old basis, and is rebased over all commits since.
            if (n % 2 == 1) basis = await table.SnapshotAsync(TableBed.Cancel);
            else basis = await table.SnapshotAsync(result.Version, TableBed.Cancel);
        }
    }
}

using Shouldly;
using Sluice.Tables;
using Sluice.Testing;

namespace Sluice.Simulation.Tables.Model;

/// <summary>A table and what its rows must be, now and at every version; each operation is done to both.</summary>
internal sealed class ModelledTable(TableBed bed, DeltaTable table, bool partitioned, Random random)
{
    private readonly Dictionary<long, IReadOnlyList<ModelRow>> _versions = new() { [0] = [] };
    private IReadOnlyList<ModelRow> _rows = [];

    public IReadOnlyDictionary<long, IReadOnlyList<ModelRow>> Versions => _versions;

    public List<string> Steps { get; } = [];

    private static CancellationToken Cancel => CancellationToken.None;

    public async Task StepAsync()
    {
        var before = (await table.SnapshotAsync(Cancel)).Version;
        switch (random.Next(10))
        {
            case 0 or 1 or 2: await AppendAsync(); break;
            case 3: await DeleteAsync(); break;
            case 4: await UpdateAsync(); break;
            case 5: await MergeAsync(); break;
            case 6: await ReplaceAsync(); break;
            case 7: await OverwriteAsync(); break;
            case 8: await CompactAsync(); break;
            default: await RestoreAsync(); break;
        }

        var version = (await table.SnapshotAsync(Cancel)).Version;
        version.ShouldBeInRange(before, before + 1, Story());
        _versions[version] = _rows;
        await CheckAsync(null);
    }

    /// <summary>The rows of a snapshot, or the newest, against the model's.</summary>
    public async Task CheckAsync(Snapshot? snapshot)
    {
        snapshot ??= await table.SnapshotAsync(Cancel);
        var rows = await bed.RowsAsync(table, snapshot);
        string.Join("\n", rows.Order(StringComparer.Ordinal)).ShouldBe(
            string.Join("\n", _versions[snapshot.Version].Select(r => r.Json).Order(StringComparer.Ordinal)), $"version {snapshot.Version}\n{Story()}");
        if (snapshot.RowCount is { } count) count.ShouldBe(rows.Count, Story());
    }

    public string Story() => string.Join("\n", Steps);

    private List<ModelRow> NewRows() => [.. Enumerable.Range(0, random.Next(5)).Select(_ => ModelPredicate.Row(random))];

    private async Task AppendAsync()
    {
        var rows = NewRows();
        Steps.Add($"append {ModelRow.Select(rows)}");
        (await bed.AppendAsync(table, ModelRow.Select(rows))).Outcome.ShouldBe(CommitOutcome.Committed);
        _rows = [.. _rows, .. rows];
    }

    private async Task DeleteAsync()
    {
        var predicate = ModelPredicate.Random(random);
        Steps.Add($"delete {predicate.Sql}");
        var done = await table.DeleteAsync(bed.Connection, predicate.Sql, Cancel);
        done.Done.ShouldBeTrue(Story());
        done.RowsDeleted.ShouldBe(_rows.Count(r => predicate.Holds(r) == true), Story());
        _rows = [.. _rows.Where(r => predicate.Holds(r) != true)];
    }

    private async Task UpdateAsync()
    {
        var predicate = ModelPredicate.Random(random);
        var (values, change) = random.Next(3) switch
        {
            0 => (new Dictionary<string, string> { ["n"] = "n + 1" }, (Func<ModelRow, ModelRow>)(r => r with { N = r.N + 1 })),
            1 => (new Dictionary<string, string> { ["p"] = "name", ["name"] = "p" }, r => r with { P = r.Name, Name = r.P }),
            _ => (new Dictionary<string, string> { ["name"] = "NULL" }, r => r with { Name = null }),
        };
        Steps.Add($"update {string.Join(", ", values)} where {predicate.Sql}");
        var done = await table.UpdateAsync(bed.Connection, predicate.Sql, values, Cancel);
        done.Done.ShouldBeTrue(Story());
        done.RowsUpdated.ShouldBe(_rows.Count(r => predicate.Holds(r) == true), Story());
        _rows = [.. _rows.Select(r => predicate.Holds(r) == true ? change(r) : r)];
    }

    private async Task MergeAsync()
    {
        var source = Enumerable.Range(0, random.Next(5)).Select(_ => ModelPredicate.Row(random)).DistinctBy(r => r.Id).ToList();
        var all = MergeClause.AllFromSource((await table.SnapshotAsync(Cancel)).Schema);
        var none = new Dictionary<string, string>();
        var k = random.Next(12);
        List<MergeClause> clauses = [];
        if (random.Next(3) == 0) clauses.Add(new(MergeRows.Matched, MergeAction.Delete, $"source.n < {k}", none));
        clauses.Add(new(MergeRows.Matched, MergeAction.Update, null, all));
        if (random.Next(2) == 0) clauses.Add(new(MergeRows.NotMatched, MergeAction.Insert, null, all));
        if (random.Next(3) == 0) clauses.Add(new(MergeRows.NotMatchedBySource, MergeAction.Update, $"target.n = {k}", new Dictionary<string, string> { ["n"] = "target.n + 100" }));
        Steps.Add($"merge {ModelRow.Select(source)} by {string.Join("; ", clauses.Select(c => $"{c.Rows} {c.Action} {c.Condition}"))}");
        (await table.MergeAsync(bed.Connection, new Merge(ModelRow.Select(source), "target.id = source.id", clauses), Cancel)).Done.ShouldBeTrue(Story());
        var byId = source.ToDictionary(r => r.Id);
        var inserts = clauses.Any(c => c.Action == MergeAction.Insert) ? source.Where(s => _rows.All(r => r.Id != s.Id)).ToList() : [];
        _rows = [.. _rows.Select(Merged).OfType<ModelRow>(), .. inserts];

        ModelRow? Merged(ModelRow row)
        {
            if (byId.TryGetValue(row.Id, out var with)) return clauses[0].Action == MergeAction.Delete && with.N < k ? null : with;
            return clauses[^1].Rows == MergeRows.NotMatchedBySource && row.N == k ? row with { N = row.N + 100 } : row;
        }
    }

    private async Task ReplaceAsync()
    {
        var rows = NewRows();
        if (partitioned && random.Next(2) == 0)
        {
            Steps.Add($"overwrite partitions {ModelRow.Select(rows)}");
            (await table.OverwritePartitionsAsync(bed.Connection, ModelRow.Select(rows), Cancel)).Done.ShouldBeTrue(Story());
            _rows = [.. _rows.Where(r => rows.All(n => n.P != r.P)), .. rows];
            return;
        }

        var predicate = ModelPredicate.Random(random);
        rows = [.. rows.Where(r => predicate.Holds(r) == true)];
        Steps.Add($"replace {predicate.Sql} by {ModelRow.Select(rows)}");
        (await table.OverwriteAsync(bed.Connection, predicate.Sql, ModelRow.Select(rows), Cancel)).Done.ShouldBeTrue(Story());
        _rows = [.. _rows.Where(r => predicate.Holds(r) != true), .. rows];
    }

    private async Task OverwriteAsync()
    {
        var rows = NewRows();
        Steps.Add($"overwrite {ModelRow.Select(rows)}");
        var basis = await table.SnapshotAsync(Cancel);
        var adds = await table.WriteFilesAsync(bed.Connection, ModelRow.Select(rows), Cancel);
        (await table.CommitAsync(basis, TableBed.Overwrite(adds), Cancel)).Outcome.ShouldBe(CommitOutcome.Committed);
        _rows = rows;
    }

    private async Task CompactAsync()
    {
        Steps.Add("compact");
        await table.CompactAsync(bed.Connection, new CompactionOptions { FilesPerTier = 2 }, Cancel);
    }

    private async Task RestoreAsync()
    {
        var version = _versions.Keys.ElementAt(random.Next(_versions.Count));
        Steps.Add($"restore {version}");
        var done = await table.RestoreAsync(version, Cancel);
        (done.Commit?.Outcome ?? CommitOutcome.Committed).ShouldBe(CommitOutcome.Committed, Story());
        _rows = _versions[version];
    }
}

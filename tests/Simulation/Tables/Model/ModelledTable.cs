using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Sluice.Tables;
using Sluice.Testing;

namespace Sluice.Simulation.Tables.Model;

/// <summary>A table and what its rows must be, now and at every version; each operation is done to both.</summary>
internal sealed partial class ModelledTable(TableBed bed, DeltaTable table, bool partitioned, Random random, FakeTimeProvider time)
{
    /// <summary>The application whose position the appends move.</summary>
    private const string App = "model";

    private ModelShape _shape = ModelShape.First;
    private IReadOnlyList<ModelRow> _rows = [];
    private long? _position;
    private int _extras;

    public ModelVersions Versions { get; } = new();

    public List<string> Steps { get; } = [];

    private static CancellationToken Cancel => CancellationToken.None;

    public async Task StartAsync() => Versions.Add(0, await StateAsync());

    public async Task StepAsync()
    {
        time.Advance(TimeSpan.FromMinutes(random.Next(1, 200)));
        var before = (await table.SnapshotAsync(Cancel)).Version;
        switch (random.Next(20))
        {
            case 0 or 1 or 2 or 3: await AppendAsync(); break;
            case 4: await DeleteAsync(); break;
            case 5 or 6: await UpdateAsync(); break;
            case 7 or 8: await MergeAsync(); break;
            case 9: await ReplaceAsync(); break;
            case 10: await OverwriteAsync(); break;
            case 11: await CompactAsync(); break;
            case 12: await OptimizeAsync(); break;
            case 13: await RestoreAsync(); break;
            case 14: await VacuumAsync(); break;
            case 15: await CleanLogAsync(); break;
            case 16: await SwitchOnAsync(); break;
            default: await AlterAsync(); break;
        }

        var version = (await table.SnapshotAsync(Cancel)).Version;
        version.ShouldBeInRange(before, before + 1, Story());
        if (version > before) Versions.Add(version, await StateAsync());
        await CheckAsync(await table.SnapshotAsync(Cancel));
    }

    /// <summary>The rows and positions of a snapshot against the model's.</summary>
    public async Task CheckAsync(Snapshot snapshot)
    {
        var wanted = Versions[snapshot.Version];
        var rows = await bed.RowsAsync(table, snapshot);
        string.Join("\n", rows.Order(StringComparer.Ordinal)).ShouldBe(string.Join("\n", wanted.Lines), $"version {snapshot.Version}\n{Story()}");
        if (snapshot.RowCount is { } count) count.ShouldBe(rows.Count, Story());
        snapshot.TransactionVersion(App).ShouldBe(wanted.Position, Story());
    }

    public string Story() => string.Join("\n", Steps);

    private async Task<ModelVersion> StateAsync()
    {
        var metadata = (await table.SnapshotAsync(Cancel)).Metadata;
        return new ModelVersion(_shape, _rows, _position, metadata.Configuration.GetValueOrDefault("delta.enableChangeDataFeed") == "true", time.GetUtcNow());
    }

    private List<ModelRow> NewRows() => [.. Enumerable.Range(0, random.Next(5)).Select(_ => ModelPredicate.Row(random, _shape))];

    private async Task AppendAsync()
    {
        var rows = NewRows();
        Steps.Add($"append {_shape.Select(rows)}");
        var position = (_position ?? 0) + 1;
        (await bed.AppendAsync(table, _shape.Select(rows), new SetTransaction(App, position))).Outcome.ShouldBe(CommitOutcome.Committed);
        _rows = [.. _rows, .. rows];
        _position = position;
    }

    private async Task DeleteAsync()
    {
        var all = random.Next(6) == 0;
        var predicate = all ? new ModelPredicate("", _ => true) : ModelPredicate.Random(random, _shape);
        Steps.Add($"delete {predicate.Sql}");
        var done = await table.DeleteAsync(bed.Connection, all ? null : predicate.Sql, Cancel);
        done.Done.ShouldBeTrue(Story());
        done.RowsDeleted.ShouldBe(_rows.Count(r => predicate.Holds(r) == true), Story());
        _rows = [.. _rows.Where(r => predicate.Holds(r) != true)];
    }

    private async Task UpdateAsync()
    {
        var predicate = ModelPredicate.Random(random, _shape);
        var (values, change) = random.Next(4) switch
        {
            0 => (new Dictionary<string, string> { ["n"] = "n + 1" }, (Func<ModelRow, ModelRow>)(r => r with { N = r.N + 1 })),
            1 => (new Dictionary<string, string> { ["p"] = "name", ["name"] = "p" }, r => r with { P = r.Name, Name = r.P }),
            2 when _shape.Extra is { } extra => (new Dictionary<string, string> { [extra] = "name" }, r => r with { X = r.Name }),
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
        var source = Enumerable.Range(0, random.Next(5)).Select(_ => ModelPredicate.Row(random, _shape)).DistinctBy(r => r.Id).ToList();
        var all = MergeClause.AllFromSource((await table.SnapshotAsync(Cancel)).Schema);
        var none = new Dictionary<string, string>();
        var k = random.Next(12);
        List<MergeClause> clauses = [];
        if (random.Next(3) == 0) clauses.Add(new(MergeRows.Matched, MergeAction.Delete, $"source.n < {k}", none));
        clauses.Add(new(MergeRows.Matched, MergeAction.Update, null, all));
        if (random.Next(2) == 0) clauses.Add(new(MergeRows.NotMatched, MergeAction.Insert, null, all));
        if (random.Next(3) == 0) clauses.Add(new(MergeRows.NotMatchedBySource, MergeAction.Update, $"target.n = {k}", new Dictionary<string, string> { ["n"] = "target.n + 100" }));
        else if (random.Next(4) == 0) clauses.Add(new(MergeRows.NotMatchedBySource, MergeAction.Delete, $"target.n = {k}", none));
        Steps.Add($"merge {_shape.Select(source)} by {string.Join("; ", clauses.Select(c => $"{c.Rows} {c.Action} {c.Condition}"))}");
        (await table.MergeAsync(bed.Connection, new Merge(_shape.Select(source), "target.id = source.id", clauses), Cancel)).Done.ShouldBeTrue(Story());
        var byId = source.ToDictionary(r => r.Id);
        var inserts = clauses.Any(c => c.Action == MergeAction.Insert) ? source.Where(s => _rows.All(r => r.Id != s.Id)).ToList() : [];
        _rows = [.. _rows.Select(Merged).OfType<ModelRow>(), .. inserts];

        ModelRow? Merged(ModelRow row)
        {
            if (byId.TryGetValue(row.Id, out var with)) return clauses[0] is { Action: MergeAction.Delete } && with.N < k ? null : with;
            if (clauses[^1].Rows != MergeRows.NotMatchedBySource || row.N != k) return row;
            return clauses[^1].Action == MergeAction.Delete ? null : row with { N = row.N + 100 };
        }
    }

    private async Task ReplaceAsync()
    {
        var rows = NewRows();
        if (partitioned && random.Next(2) == 0)
        {
            Steps.Add($"overwrite partitions {_shape.Select(rows)}");
            (await table.OverwritePartitionsAsync(bed.Connection, _shape.Select(rows), Cancel)).Done.ShouldBeTrue(Story());
            _rows = [.. _rows.Where(r => rows.All(n => n.P != r.P)), .. rows];
            return;
        }

        var predicate = ModelPredicate.Random(random, _shape);
        rows = [.. rows.Where(r => predicate.Holds(r) == true)];
        Steps.Add($"replace {predicate.Sql} by {_shape.Select(rows)}");
        (await table.OverwriteAsync(bed.Connection, predicate.Sql, _shape.Select(rows), Cancel)).Done.ShouldBeTrue(Story());
        _rows = [.. _rows.Where(r => predicate.Holds(r) != true), .. rows];
    }

    private async Task OverwriteAsync()
    {
        var rows = NewRows();
        Steps.Add($"overwrite {_shape.Select(rows)}");
        var basis = await table.SnapshotAsync(Cancel);
        var adds = await table.WriteFilesAsync(bed.Connection, _shape.Select(rows), Cancel);
        (await table.CommitAsync(basis, TableBed.Overwrite(adds), Cancel)).Outcome.ShouldBe(CommitOutcome.Committed);
        _rows = rows;
    }
}

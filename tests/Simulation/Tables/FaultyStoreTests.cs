using Shouldly;
using Sluice.Objects;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Simulation.Tables;

/// <summary>Every operation on the store fails once, before or after its effect; the writer repeats, as a stage does after a crash.</summary>
public sealed class FaultyStoreTests
{
    private const int Changes = 5;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_fault_at_any_one_operation_leaves_the_table_before_or_after_and_the_repeated_change_in_once(bool afterEffect)
    {
        var operations = await RunAsync(new FaultPlan(null, _ => Fault.None));
        operations.ShouldBeGreaterThan(Changes * 3);
        for (var at = 0; at < operations; at++)
        {
            var target = at;
            await RunAsync(new FaultPlan($"operation {at}, after effect: {afterEffect}", n => n != target ? Fault.None : afterEffect ? Fault.After : Fault.Before));
        }
    }

    [Fact]
    public async Task Faults_by_chance_at_a_third_of_all_operations_change_nothing_either()
    {
        for (var seed = 0; seed < 12; seed++)
        {
            var random = new Random(seed);
            await RunAsync(new FaultPlan($"seed {seed}", _ => random.Next(6) switch { 0 => Fault.Before, 1 => Fault.After, _ => Fault.None }));
        }
    }

    /// <summary>Makes a row of appends, with an overwrite in the middle, each repeated on a new catalog until its position is in the table.</summary>
    /// <returns>Operations on the store.</returns>
    private static async Task<int> RunAsync(FaultPlan plan)
    {
        await using var bed = new TableBed();
        var name = new TableName("t", "a");
        var expected = new List<int>();
        for (var change = 0; change < Changes; change++)
        {
            var overwrite = change == Changes / 2;
            var after = overwrite ? [change] : expected.Append(change).ToList();
            await UntilDoneAsync(plan, bed, name, change, overwrite, expected, after);
            expected = after;
            (await ValuesAsync(bed, name)).ShouldBe(expected, plan.Description);
        }

        return plan.Count;
    }

    private static async Task UntilDoneAsync(
        FaultPlan plan, TableBed bed, TableName name, int change, bool overwrite, List<int> before, List<int> after)
    {
        var catalog = Catalog(bed, new FaultyObjectStore(bed.Store, plan));
        for (var attempt = 0; ; attempt++)
        {
            attempt.ShouldBeLessThan(500, plan.Description);
            try
            {
                if (await ApplyOnceAsync(bed, catalog, name, change, overwrite)) return;
            }
            catch (IOException)
            {
                // What a crash leaves is what another process would see.
                var seen = await ValuesAsync(bed, name);
                (seen.SequenceEqual(before) || seen.SequenceEqual(after)).ShouldBeTrue($"{plan.Description}: change {change} left [{string.Join(", ", seen)}]");
            }
        }
    }

    /// <summary>True when the change's position is in the table.</summary>
    private static async Task<bool> ApplyOnceAsync(TableBed bed, TableCatalog catalog, TableName name, int change, bool overwrite)
    {
        var table = await catalog.OpenOrCreateAsync(name, TableBed.Schema(("n", "INTEGER")), TableBed.Cancel);
        var basis = await table.SnapshotAsync(TableBed.Cancel);
        if (basis.TransactionVersion("app") >= change) return true;
        var adds = await table.WriteFilesAsync(bed.Connection, $"SELECT {change}::INTEGER AS n", TableBed.Cancel);
        var position = new SetTransaction("app", change);
        var result = await table.CommitAsync(basis, overwrite ? TableBed.Overwrite(adds, position) : TableBed.Append(adds, position), TableBed.Cancel);
        return result.Outcome == CommitOutcome.Committed;
    }

    private static TableCatalog Catalog(TableBed bed, IObjectStore store) => new(
        store, TimeProvider.System, bed.DuckDb, new TablesOptions(Path.Combine(bed.Root, "scratch")) { CheckpointInterval = 3 });

    /// <summary>What a process that starts now reads.</summary>
    private static async Task<List<int>> ValuesAsync(TableBed bed, TableName name)
    {
        if (await Catalog(bed, bed.Store).OpenAsync(name, TableBed.Cancel) is not { } table) return [];
        var snapshot = await table.SnapshotAsync(TableBed.Cancel);
        var rows = bed.Rows($"SELECT n FROM {await table.RelationAsync(snapshot, TableBed.Cancel)}");
        return [.. rows.Select(r => int.Parse(r.AsSpan()[5..^1], null)).Order()];
    }
}

internal enum Fault
{
    None,
    Before,
    After,
}

/// <summary>Which of the numbered operations fail.</summary>
internal sealed class FaultPlan(string? description, Func<int, Fault> choose)
{
    public string Description { get; } = description ?? "no fault";

    public int Count { get; private set; }

    public Fault Next() => choose(Count++);
}

/// <summary>A store whose operations fail as planned, before or after they take effect.</summary>
internal sealed class FaultyObjectStore(IObjectStore inner, FaultPlan plan) : ForwardingObjectStore(inner)
{
    public override ValueTask<ObjectInfo> PutAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel) =>
        FailAsync(() => base.PutAsync(key, content, cancel));

    public override ValueTask<bool> PutIfAbsentAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel) =>
        FailAsync(() => base.PutIfAbsentAsync(key, content, cancel));

    public override ValueTask<ObjectInfo> PutFileAsync(ObjectKey key, string path, CancellationToken cancel) =>
        FailAsync(() => base.PutFileAsync(key, path, cancel));

    public override ValueTask<ReadOnlyMemory<byte>?> GetAsync(ObjectKey key, CancellationToken cancel) =>
        FailAsync(() => base.GetAsync(key, cancel));

    public override ValueTask<string?> GetFileAsync(ObjectKey key, CancellationToken cancel) => FailAsync(() => base.GetFileAsync(key, cancel));

    public override IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, ObjectKey? startAfter, CancellationToken cancel)
    {
        if (plan.Next() != Fault.None) throw new IOException("The store failed to list.");
        return base.ListAsync(prefix, startAfter, cancel);
    }

    public override ValueTask<ObjectInfo?> HeadAsync(ObjectKey key, CancellationToken cancel) => FailAsync(() => base.HeadAsync(key, cancel));

    public override ValueTask<ReadOnlyMemory<byte>?> GetRangeAsync(ObjectKey key, long start, int length, CancellationToken cancel) =>
        FailAsync(() => base.GetRangeAsync(key, start, length, cancel));

    public override async ValueTask DeleteAsync(ObjectKey key, CancellationToken cancel) => await FailAsync(async () =>
    {
        await base.DeleteAsync(key, cancel);
        return true;
    });

    private async ValueTask<T> FailAsync<T>(Func<ValueTask<T>> operation)
    {
        var fault = plan.Next();
        if (fault == Fault.Before) throw new IOException("The store failed before the effect.");
        var result = await operation();
        return fault == Fault.After ? throw new IOException("The store failed after the effect.") : result;
    }
}

using Shouldly;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Simulation.Tables.Model;

/// <summary>Random sequences of operations leave the rows that a list in memory has, after each step and at every version.</summary>
public sealed class ModelTests
{
    private const int Steps = 9;

    /// <summary>A long run sets SLUICE_SEQUENCES, e.g. to 2000; each sequence has the seed that is its number.</summary>
    private static readonly int s_sequences = int.TryParse(Environment.GetEnvironmentVariable("SLUICE_SEQUENCES"), out var count) ? count : 24;

    private static readonly int s_first = int.TryParse(Environment.GetEnvironmentVariable("SLUICE_FIRST_SEED"), out var seed) ? seed : 0;

    [Fact]
    public async Task Random_sequences_of_operations_leave_the_rows_of_the_model_at_every_version()
    {
        using var bed = new TableBed(options: o => o with { CheckpointInterval = 4, ChecksumInterval = 1 });
        for (var seed = s_first; seed < s_first + s_sequences; seed++) await RunAsync(bed, seed);
    }

    private static async Task RunAsync(TableBed bed, int seed)
    {
        var random = new Random(seed);
        var properties = new Dictionary<string, string>();
        if (random.Next(2) == 0) properties["delta.enableDeletionVectors"] = "true";
        if (random.Next(3) == 0) properties["delta.enableChangeDataFeed"] = "true";
        if (random.Next(3) == 0) properties["delta.enableInCommitTimestamps"] = "true";
        if (random.Next(4) == 0) properties["delta.columnMapping.mode"] = "name";
        if (random.Next(4) == 0) properties["delta.checkpointPolicy"] = "v2";
        var partitioned = random.Next(2) == 0;
        var schema = TableBed.Schema(("id", "INTEGER"), ("name", "VARCHAR"), ("n", "INTEGER"), ("p", "VARCHAR"));
        var design = new TableDesign(schema) { PartitionColumns = partitioned ? ["p"] : [], Properties = properties };
        var name = new TableName("m", $"s{seed}");
        var model = new ModelledTable(bed, await bed.Catalog.OpenOrCreateAsync(name, design, TableBed.Cancel), partitioned, random);
        model.Steps.Add($"seed {seed}, {(partitioned ? "partitioned" : "not partitioned")}, {string.Join(", ", properties)}");
        try
        {
            for (var step = 0; step < Steps; step++) await model.StepAsync();
            await CheckHistoryAsync(bed, name, model);
        }
        catch (Exception e) when (e is not ShouldAssertException)
        {
            throw new InvalidOperationException(model.Story(), e);
        }
    }

    /// <summary>A process that starts now reads every version as it was.</summary>
    private static async Task CheckHistoryAsync(TableBed bed, TableName name, ModelledTable model)
    {
        var fresh = new TableCatalog(bed.Store, TimeProvider.System, bed.DuckDb, new TablesOptions(Path.Combine(bed.Root, "scratch")));
        var table = (await fresh.OpenAsync(name, TableBed.Cancel)).ShouldNotBeNull();
        foreach (var version in model.Versions.Keys) await model.CheckAsync(await table.SnapshotAsync(version, TableBed.Cancel));
        (await TableLint.CheckAsync(table, TableBed.Cancel)).ShouldBeEmpty(model.Story());
    }
}

using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Simulation.Tables.Model;

/// <summary>
/// Random sequences of everything that can be done to a table leave the rows that a list in memory has: after each step, at every version
/// by time travel, and by the change feed from each version to the next.
/// </summary>
public sealed class ModelTests
{
    private const int Steps = 12;

    private static readonly DateTimeOffset s_start = new(2040, 5, 6, 7, 8, 9, TimeSpan.Zero);

    /// <summary>A long run sets SLUICE_TEST_SEQUENCES, e.g. to 2000; each sequence has the seed that is its number.</summary>
    private static readonly int s_sequences = int.TryParse(Environment.GetEnvironmentVariable("SLUICE_TEST_SEQUENCES"), out var count) ? count : 24;

    private static readonly int s_first = int.TryParse(Environment.GetEnvironmentVariable("SLUICE_TEST_FIRST_SEED"), out var seed) ? seed : 0;

    internal static TimeSpan LogRetention { get; } = TimeSpan.FromDays(1);

    [Fact]
    public async Task Random_sequences_of_operations_leave_the_rows_of_the_model_at_every_version()
    {
        var time = new FakeTimeProvider(s_start);
        using var bed = new TableBed(time, options: Options);
        for (var seed = s_first; seed < s_first + s_sequences; seed++) await RunAsync(bed, seed, time);
    }

    private static TablesOptions Options(TablesOptions options) => options with { CheckpointInterval = 4, ChecksumInterval = 1, LogRetention = LogRetention };

    private static async Task RunAsync(TableBed bed, int seed, FakeTimeProvider time)
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
        var model = new ModelledTable(bed, await bed.Catalog.OpenOrCreateAsync(name, design, TableBed.Cancel), partitioned, random, time);
        model.Steps.Add($"seed {seed}, {(partitioned ? "partitioned" : "not partitioned")}, {string.Join(", ", properties)}");
        try
        {
            await model.StartAsync();
            for (var step = 0; step < Steps; step++) await model.StepAsync();
            await CheckHistoryAsync(bed, name, model, time);
        }
        catch (Exception e) when (e is not ShouldAssertException)
        {
            throw new InvalidOperationException(model.Story(), e);
        }
    }

    /// <summary>A process that starts now reads every version as it was; one that is no longer promised, as it was or not at all.</summary>
    private static async Task CheckHistoryAsync(TableBed bed, TableName name, ModelledTable model, FakeTimeProvider time)
    {
        var fresh = new TableCatalog(bed.Store, time, bed.DuckDb, Options(new TablesOptions(Path.Combine(bed.Root, "scratch"))));
        var table = (await fresh.OpenAsync(name, TableBed.Cancel)).ShouldNotBeNull();
        foreach (var version in model.Versions.Numbers)
        {
            try
            {
                var snapshot = await table.SnapshotAsync(version, TableBed.Cancel);
                await model.CheckAsync(snapshot);
                if (version > 0 && model.Versions.FeedIsPromised(version)) await model.CheckFeedAsync(version);
            }
            catch (Exception e) when (e is TableVersionException or TableFormatException && !model.Versions.IsPromised(version))
            {
                // What a vacuum or a clean-up was told to delete may be gone.
                continue;
            }
        }

        var last = model.Versions.Numbers.Last();
        (await table.SnapshotAsync(time.GetUtcNow(), TableBed.Cancel)).Version.ShouldBe(last, model.Story());
        (await TableLint.CheckAsync(table, TableBed.Cancel)).ShouldBeEmpty(model.Story());
    }
}

using Sluice.Cleaning;
using Sluice.Definition;
using Sluice.Simulation.Cleaning;
using Sluice.Testing.Cleaning;

namespace Sluice.Simulation.Quality;

/// <summary>Whatever change of the store a run dies at, each row is counted once by each expectation, and the ledger closes.</summary>
public sealed class QualityCrashTests(ITestOutputHelper output)
{
    private static readonly Expectation[] s_expectations =
    [
        new("is_scored", "score >= 10", ExpectationAction.Warn), new("is_not_low", "score IS NULL OR score > 3", ExpectationAction.Drop),
        new("is_not_high", "score IS NULL OR score < 90", ExpectationAction.Quarantine),
    ];

    // Clean, scored, too low, too high, no score, broken, beyond the check, and two of one key.
    private static readonly string[] s_records =
    [
        Scored(1, 50), Scored(2, 2), Scored(3, 95), CleaningBed.Reading(4), "garbage", Scored(5, 500), Scored(1, 60), Scored(6, 5), Scored(2, 1), Scored(2, 70),
    ];

    private static readonly string[] s_counted = ["is_not_high|quarantine|7|1", "is_not_low|drop|6|2", "is_scored|warn|4|4"];

    [Fact]
    public async Task A_batch_run_that_dies_after_any_change_of_the_store_counts_each_row_once()
    {
        var operations = await RunAsync("batch", int.MaxValue);
        operations.ShouldBeGreaterThan(15);
        for (var crashAt = 1; crashAt <= operations; crashAt++) await RunAsync("batch", crashAt);
    }

    [Fact]
    public async Task A_stream_job_that_dies_after_any_change_of_the_store_counts_each_row_once()
    {
        var operations = await RunAsync("stream", int.MaxValue);
        operations.ShouldBeGreaterThan(15);
        for (var crashAt = 1; crashAt <= operations; crashAt++) await RunAsync("stream", crashAt);
    }

    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    public async Task A_run_that_dies_again_and_again_counts_each_row_once(int seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var bed = new StreamBed();
        Prepare(bed, rowsPerCommit: 4);
        var rounds = 0;
        for (var received = 0; received < 60; received += s_records.Length, rounds++)
        {
            await bed.Tables.PutAsync(0, received, s_records);
            await DieAsync(bed, 1 + random.Next(25), random.Next(2) == 0, bed.Tables.CleanAsync);
            (await bed.Tables.LedgerAsync(received + s_records.Length)).Closes.ShouldBeTrue();
        }

        await bed.Tables.CleanAsync();
        (await bed.Tables.QualityRowsAsync()).ShouldBe(
            [$"batch|is_not_high|quarantine|{7 * rounds}|{rounds}", $"batch|is_not_low|drop|{6 * rounds}|{2 * rounds}", $"batch|is_scored|warn|{4 * rounds}|{4 * rounds}"]);
        (await bed.Tables.LedgerAsync(10 * rounds)).Dropped.ShouldBe(2 * rounds);
    }

    private static async Task<int> RunAsync(string path, int crashAt)
    {
        using var bed = new StreamBed();
        Prepare(bed, rowsPerCommit: 4);
        await bed.Tables.PutAsync(0, 0, s_records);
        await bed.PutAsync(0, s_records);
        Func<Task<CleanReport>> clean = path == "batch" ? bed.Tables.CleanAsync : bed.DrainAsync;
        var operations = await DieAsync(bed, crashAt, afterEffect: true, clean);
        (await AccountAsync(bed, path)).Closes.ShouldBeTrue($"crash after change {crashAt}");

        await clean();

        (await bed.Tables.QualityRowsAsync()).ShouldBe(s_counted.Select(line => $"{path}|{line}"), $"crash after change {crashAt}");
        var account = await AccountAsync(bed, path);
        (account.Clean, account.Quarantined, account.Duplicates, account.Dropped, account.Waiting, account.Closes).ShouldBe(
            (4, 3, 1, 2, 0, true), $"crash after change {crashAt}");
        return operations;
    }

    private static void Prepare(StreamBed bed, int rowsPerCommit)
    {
        bed.Tables.Expect(s_expectations);
        bed.Tables.Options = bed.Tables.Options with { RowsPerCommitMax = rowsPerCommit };
        bed.Options = bed.Options with { RowsPerCommitMax = rowsPerCommit };
    }

    private static Task<LedgerAccount> AccountAsync(StreamBed bed, string path) =>
        path == "batch" ? bed.Tables.LedgerAsync(s_records.Length) : bed.LedgerAsync();

    private static async Task<int> DieAsync(StreamBed bed, int crashAt, bool afterEffect, Func<Task<CleanReport>> clean)
    {
        CrashingObjectStore? store = null;
        bed.Tables.Reopen(inner => store = new CrashingObjectStore(inner, crashAt, afterEffect));
        try
        {
            await clean();
        }
        catch (Exception) when (store!.Crashed)
        {
            // Whatever a dying process throws, it is not heard.
        }

        bed.Tables.Reopen();
        return store!.Operations;
    }

    private static string Scored(int id, int score) => $$"""{"id":{{id}},"name":"a","score":{{score}}}""";
}

using System.Globalization;
using Sluice.Testing;

namespace Sluice.Simulation.Log;

/// <summary>
/// <c>SLUICE_SIMULATION_SEED</c> plays one history again; <c>SLUICE_SIMULATION_HISTORIES</c> says how many are played instead of 2,000.
/// </summary>
public sealed class CompactionSimulationTests
{
    [Fact]
    public void No_key_loses_its_last_record_to_compaction_after_any_crash()
    {
        if (Environment.GetEnvironmentVariable("SLUICE_SIMULATION_SEED") is { Length: > 0 } seed)
        {
            Play(int.Parse(seed, CultureInfo.InvariantCulture), SimulatedLie.None).ShouldBeNull();
            return;
        }

        var histories = int.Parse(Environment.GetEnvironmentVariable("SLUICE_SIMULATION_HISTORIES") ?? "2000", CultureInfo.InvariantCulture);
        string? failure = null;
        Parallel.For(1, 1 + histories, (at, loop) =>
        {
            if (Play(at, SimulatedLie.None) is not { } broken) return;
            Interlocked.CompareExchange(ref failure, broken, null);
            loop.Stop();
        });
        failure.ShouldBeNull();
    }

    [Theory]
    [InlineData(SimulatedLie.Sync)]
    [InlineData(SimulatedLie.SyncDirectory)]
    public void The_simulation_notices_a_disk_that_lies(SimulatedLie lie) =>
        Enumerable.Range(1, 500).Any(seed => Play(seed, lie) is not null)
            .ShouldBeTrue("five hundred histories on such a disk must break a promise, or the simulation proves nothing");

    /// <summary>What went wrong, with the seed and the steps; null when nothing did.</summary>
    private static string? Play(int seed, SimulatedLie lie)
    {
        using var history = new CompactionHistory(seed, lie);
        try
        {
            history.Run();
            return null;
        }
        catch (Exception fault)
        {
            return $"SLUICE_SIMULATION_SEED={seed}: {fault}\nsteps: {history.Steps}";
        }
    }
}

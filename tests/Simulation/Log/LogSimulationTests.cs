using System.Globalization;
using Sluice.Testing;

namespace Sluice.Simulation.Log;

/// <summary>
/// <c>SLUICE_SIMULATION_SEED</c> plays one history again; <c>SLUICE_SIMULATION_HISTORIES</c> says how many are played instead of 10,000.
/// </summary>
public sealed class LogSimulationTests
{
    private const int FirstSeed = 1;

    [Fact]
    public void Every_acknowledged_record_is_read_back_in_order_after_any_crash()
    {
        if (Environment.GetEnvironmentVariable("SLUICE_SIMULATION_SEED") is { Length: > 0 } seed)
        {
            Play(int.Parse(seed, CultureInfo.InvariantCulture), SimulatedLie.None).ShouldBeNull();
            return;
        }

        var histories = int.Parse(Environment.GetEnvironmentVariable("SLUICE_SIMULATION_HISTORIES") ?? "10000", CultureInfo.InvariantCulture);
        string? failure = null;
        Parallel.For(FirstSeed, FirstSeed + histories, (at, loop) =>
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
    [InlineData(SimulatedLie.SetLength)]
    public void The_simulation_notices_a_disk_that_lies(SimulatedLie lie) =>
        Enumerable.Range(FirstSeed, 1_000).Any(seed => Play(seed, lie) is not null)
            .ShouldBeTrue("a thousand histories on such a disk must break a promise, or the simulation proves nothing");

    /// <summary>What went wrong, with the seed and the steps; null when nothing did.</summary>
    private static string? Play(int seed, SimulatedLie lie)
    {
        using var history = new LogHistory(seed, lie);
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

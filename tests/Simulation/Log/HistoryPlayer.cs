using System.Globalization;

namespace Sluice.Simulation.Log;

/// <summary>
/// Plays histories by their seeds. <c>SLUICE_TEST_SIMULATION_SEED</c> plays one again; <c>SLUICE_TEST_SIMULATION_HISTORIES</c> says how many are
/// played instead of what the test asks for.
/// </summary>
internal static class HistoryPlayer
{
    private const int FirstSeed = 1;

    /// <summary>Plays them, several at a time, until one breaks a promise; what it broke, with its seed and steps, is the failure.</summary>
    public static void Play(int histories, Func<int, History> make)
    {
        if (Environment.GetEnvironmentVariable("SLUICE_TEST_SIMULATION_SEED") is { Length: > 0 } seed)
        {
            PlayOne(int.Parse(seed, CultureInfo.InvariantCulture), make).ShouldBeNull();
            return;
        }

        if (Environment.GetEnvironmentVariable("SLUICE_TEST_SIMULATION_HISTORIES") is { Length: > 0 } asked) histories = int.Parse(asked, CultureInfo.InvariantCulture);
        string? failure = null;
        Parallel.For(FirstSeed, FirstSeed + histories, (at, loop) =>
        {
            if (PlayOne(at, make) is not { } broken) return;
            Interlocked.CompareExchange(ref failure, broken, null);
            loop.Stop();
        });
        failure.ShouldBeNull();
    }

    /// <summary>Whether one of so many histories breaks a promise, as one must where the disk lies.</summary>
    public static bool AnyBreaks(int histories, Func<int, History> make) =>
        Enumerable.Range(FirstSeed, histories).Any(seed => PlayOne(seed, make) is not null);

    /// <summary>What went wrong, with the seed and the steps; null when nothing did.</summary>
    private static string? PlayOne(int seed, Func<int, History> make)
    {
        using var history = make(seed);
        try
        {
            history.Run();
            return null;
        }
        catch (Exception fault)
        {
            return $"SLUICE_TEST_SIMULATION_SEED={seed}: {fault}\nsteps: {history.Steps}";
        }
    }
}

namespace Sluice.Simulation.Sink;

public sealed class SinkSimulationTests
{
    private const int Histories = 2_000;

    [Fact]
    public async Task Every_record_is_in_exactly_one_object_through_crashes_at_every_operation()
    {
        var first = int.TryParse(Environment.GetEnvironmentVariable("SLUICE_TEST_SEED"), out var seed) ? seed : 1;
        var histories = first == 1 ? Histories : 1;
        var crashes = 0;
        await Parallel.ForEachAsync(Enumerable.Range(first, histories), async (s, _) =>
        {
            await using var history = new SinkHistory(s);
            try
            {
                await history.LiveAsync();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {s} (set SLUICE_TEST_SEED={s} to run it alone): {e.Message}", e);
            }

            Interlocked.Add(ref crashes, history.Crashes);
        });

        // A simulation without crashes would prove nothing.
        if (histories > 1) crashes.ShouldBeGreaterThan(Histories / 4);
    }
}

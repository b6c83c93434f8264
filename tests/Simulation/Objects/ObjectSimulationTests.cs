using Sluice.Testing;

namespace Sluice.Simulation.Objects;

public sealed class ObjectSimulationTests
{
    private const int Histories = 2_000;

    [Fact]
    public async Task After_any_loss_of_power_a_key_holds_what_was_acknowledged_or_a_whole_later_put()
    {
        foreach (var seed in Enumerable.Range(1, Histories))
        {
            var failure = await Record.ExceptionAsync(() => new ObjectHistory(seed, SimulatedLie.None).LiveAsync());
            failure.ShouldBeNull($"seed {seed}");
        }
    }

    [Theory]
    [InlineData(SimulatedLie.Sync)]
    [InlineData(SimulatedLie.SyncDirectory)]
    public async Task A_disk_that_lies_about_syncs_is_noticed(SimulatedLie lie)
    {
        foreach (var seed in Enumerable.Range(1, Histories))
        {
            if (await Record.ExceptionAsync(() => new ObjectHistory(seed, lie).LiveAsync()) is not null) return;
        }

        Assert.Fail("No history noticed the lie, so the simulation proves nothing.");
    }
}

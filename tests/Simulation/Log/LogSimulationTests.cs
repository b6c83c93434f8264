using Sluice.Testing;

namespace Sluice.Simulation.Log;

/// <summary>The log on a disk that fails and loses power: see <see cref="HistoryPlayer"/>.</summary>
public sealed class LogSimulationTests
{
    [Fact]
    public void Every_acknowledged_record_is_read_back_in_order_after_any_crash() =>
        HistoryPlayer.Play(10_000, seed => new LogHistory(seed, SimulatedLie.None));

    [Fact]
    public void No_key_loses_its_last_record_to_compaction_after_any_crash() =>
        HistoryPlayer.Play(2_000, seed => new CompactionHistory(seed, SimulatedLie.None));

    [Fact]
    public void Readers_of_committed_records_see_whole_transactions_after_any_crash() => HistoryPlayer.Play(3_000, seed => new TransactionHistory(seed));

    [Theory]
    [InlineData(SimulatedLie.Sync)]
    [InlineData(SimulatedLie.SyncDirectory)]
    [InlineData(SimulatedLie.SetLength)]
    public void The_simulation_notices_a_disk_that_lies(SimulatedLie lie) =>
        HistoryPlayer.AnyBreaks(1_000, seed => new LogHistory(seed, lie))
            .ShouldBeTrue("a thousand histories on such a disk must break a promise, or the simulation proves nothing");

    [Theory]
    [InlineData(SimulatedLie.Sync)]
    [InlineData(SimulatedLie.SyncDirectory)]
    public void The_simulation_of_compaction_notices_a_disk_that_lies(SimulatedLie lie) =>
        HistoryPlayer.AnyBreaks(500, seed => new CompactionHistory(seed, lie))
            .ShouldBeTrue("five hundred histories on such a disk must break a promise, or the simulation proves nothing");
}

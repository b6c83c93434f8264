using System.Globalization;

namespace Sluice.Simulation.Log;

/// <summary><c>SLUICE_TRANSACTION_HISTORIES</c> says how many are played instead of 3,000.</summary>
public sealed class TransactionsSimulationTests
{
    [Fact]
    public void Readers_of_committed_records_see_whole_transactions_after_any_crash()
    {
        var histories = int.Parse(Environment.GetEnvironmentVariable("SLUICE_TRANSACTION_HISTORIES") ?? "3000", CultureInfo.InvariantCulture);
        for (var seed = 1; seed <= histories; seed++)
        {
            using var history = new TransactionHistory(seed);
            try
            {
                history.Run();
            }
            catch (Exception fault)
            {
                throw new BrokenPromiseException($"seed {seed}: {fault}\nsteps: {history.Steps}");
            }
        }
    }
}

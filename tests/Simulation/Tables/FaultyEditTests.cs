using Shouldly;
using Sluice.Testing;
using Xunit;

namespace Sluice.Simulation.Tables;

/// <summary>A fault at every operation on the store of every change of rows and every upkeep: the table reads as before or as after, and its log is whole.</summary>
public sealed class FaultyEditTests
{
    /// <summary>More operations than any work has: one that never ends is a fault of the test.</summary>
    private const int OperationsMax = 200;

    public static TheoryData<string> Works => [.. TableWorks.All];

    [Theory]
    [MemberData(nameof(Works))]
    public async Task A_fault_at_any_one_operation_leaves_before_or_after_and_a_repetition_completes(string work)
    {
        using var works = new TableWorks(work);
        await works.StartAsync();
        foreach (var kind in new[] { Fault.Before, Fault.After })
        {
            for (var at = 0; ; at++)
            {
                at.ShouldBeLessThan(OperationsMax);
                var plan = new FaultPlan($"{work}, fault {kind} operation {at}", n => n == at ? kind : Fault.None);
                var changed = await works.RunAsync(works.Copy($"{kind}{at}"), new FaultyObjectStore(works.Objects, plan), plan.Description, () => { });
                if (plan.Count > at) continue;
                changed.ShouldBeGreaterThan(0, $"{work} did nothing, and so shows nothing");
                break;
            }
        }
    }
}

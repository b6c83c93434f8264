using Shouldly;
using Sluice.Bytes;
using Sluice.Objects;
using Sluice.Testing;
using Xunit;

namespace Sluice.Simulation.Tables;

/// <summary>
/// A fault at every operation on files that a commit, a checkpoint, an optimize, a vacuum and a clean-up make: one that fails and is
/// survived, or the power that goes and takes along what was not synced.
/// </summary>
public sealed class FaultyFileTests
{
    private const int OperationsMax = 1000;

    /// <summary>Commit, checkpoint, optimize, vacuum and clean-up; SLUICE_TEST_FAULTS=all adds every other change of rows and upkeep.</summary>
    public static TheoryData<string> Works => Environment.GetEnvironmentVariable("SLUICE_TEST_FAULTS") == "all"
        ? [.. TableWorks.All]
        : ["append", "delete-vectors", "checkpoint", "checkpoint-v2", "optimize", "vacuum", "clean"];

    [Theory]
    [MemberData(nameof(Works))]
    public async Task Before_or_after_is_what_any_one_failing_file_operation_and_any_loss_of_power_leave(string work)
    {
        using var works = new TableWorks(work);
        await works.StartAsync();
        foreach (var kind in new[] { FileFault.Fails, FileFault.PowerGoes })
        {
            for (var at = 0; ; at++)
            {
                at.ShouldBeLessThan(OperationsMax);
                var name = works.Copy($"{kind}{at}");
                var files = new FaultyFiles(OsFileSystem.Instance, kind, at, Path.Combine(works.Store, "..", "undo"));
                var changed = await works.RunAsync(name, LocalObjectStore.OpenBeside(works.Store, files), $"{work}, {kind} at file operation {at}", files.Recover);
                if (files.Count > at) continue;
                changed.ShouldBeGreaterThan(0, $"{work} did nothing, and so shows nothing");
                break;
            }
        }
    }

    [Fact]
    public async Task A_commit_that_were_not_synced_would_be_noticed()
    {
        using var works = new TableWorks("append");
        await works.StartAsync();
        var torn = 0;
        for (var at = 0; at < OperationsMax; at++)
        {
            var files = new FaultyFiles(OsFileSystem.Instance, FileFault.PowerGoes, at, Path.Combine(works.Store, "..", "undo")) { IgnoresSyncs = true };
            try
            {
                await works.RunAsync(works.Copy($"lie{at}"), LocalObjectStore.OpenBeside(works.Store, files), "", files.Recover);
            }
            catch (Exception e) when (e is ShouldAssertException or Sluice.Tables.TableFormatException)
            {
                torn++;
            }

            if (files.Count <= at) break;
        }

        torn.ShouldBeGreaterThan(0, "no loss of power noticed the lie, so the crash matrix proves nothing");
    }
}

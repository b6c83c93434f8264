using Sluice.Cleaning;
using Sluice.Testing.Cleaning;

namespace Sluice.Unit.Cleaning;

public sealed class LedgerTests
{
    [Fact]
    public async Task Records_not_sunk_or_not_cleaned_yet_are_waiting()
    {
        using var bed = new CleaningBed();
        var before = await bed.LedgerAsync(5, 0);
        await bed.PutAsync(0, 0, CleaningBed.Reading(1), "x", CleaningBed.Reading(1));
        await bed.CleanAsync();
        var after = await bed.LedgerAsync(5, 2);

        (before.Received, before.Waiting, before.Closes).ShouldBe((5, 5, true));
        after.Partitions.ShouldBe([new LedgerPartition(0, 5, 2, 1, 1, 1), new LedgerPartition(1, 2, 2, 0, 0, 0)]);
        (after.Received, after.Waiting, after.Clean, after.Quarantined, after.Duplicates, after.Closes).ShouldBe((7, 4, 1, 1, 1, true));
    }

    [Fact]
    public async Task Records_that_expired_before_they_were_sunk_are_skipped()
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, 10, CleaningBed.Reading(1));
        await bed.CleanAsync();
        var account = await bed.LedgerAsync(11);
        (account.Received, account.Waiting, account.Clean, account.Skipped, account.Closes).ShouldBe((11, 0, 1, 10, true));
    }

    [Fact]
    public async Task A_log_that_ends_before_the_table_leaves_the_account_open()
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, 0, CleaningBed.Reading(1), CleaningBed.Reading(2));
        await bed.CleanAsync();
        (await bed.LedgerAsync(1)).ToString().ShouldContain("DOES NOT CLOSE");
    }

    [Fact]
    public async Task A_log_that_has_less_than_was_cleaned_keeps_the_account_open()
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, 0, CleaningBed.Reading(1), CleaningBed.Reading(2));
        await bed.CleanAsync();
        (await bed.LedgerAsync(1)).Closes.ShouldBeFalse();
    }
}

using Sluice.Cleaning;
using Sluice.Objects;
using Sluice.Testing.Cleaning;

namespace Sluice.Unit.Cleaning;

/// <summary>Objects whose lines are not consecutive offsets, and the offsets that the sink puts beside them.</summary>
public sealed class OffsetsBesideObjectsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1000)]
    public async Task Lines_have_the_offsets_that_stand_beside_them(int rowsPerCommit)
    {
        using var bed = new CleaningBed();
        bed.Options = bed.Options with { RowsPerCommitMax = rowsPerCommit, ReadBytes = 20 };
        await PutOffsetsAsync(bed, new LandedOffsets(0, 9, 1, [new(1, 3), new(5, 7)], [new(3, 4)]));
        await bed.PutAsync(0, 1, "a", CleaningBed.Reading(1), "b", CleaningBed.Reading(2));
        await PutOffsetsAsync(bed, new LandedOffsets(9, 12, null, [], []));
        await bed.PutAsync(0, 12, CleaningBed.Reading(3), "c");
        await PutOffsetsAsync(bed, new LandedOffsets(14, 16, null, [], [new(14, 15)]));

        var report = await bed.CleanAsync();

        (report.Received, report.Clean, report.Quarantined).ShouldBe((6, 3, 3));
        (await bed.QuarantineRowsAsync()).ShouldBe(["0|1|1|not JSON", "0|5|3|not JSON", "0|13|2|not JSON"]);
        var account = await bed.LedgerAsync(16);
        (account.Received, account.Clean, account.Quarantined, account.Skipped, account.Waiting, account.Closes).ShouldBe((8, 3, 3, 2, 0, true));
        (await bed.CleanAsync()).Commits.ShouldBe(0);
    }

    [Fact]
    public async Task Offsets_whose_object_is_still_being_put_wait_for_it()
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, 0, CleaningBed.Reading(1));
        await PutOffsetsAsync(bed, new LandedOffsets(1, 4, 2, [new(2, 3)], []));
        (await bed.CleanAsync()).Received.ShouldBe(1);
        await bed.PutAsync(0, 2, CleaningBed.Reading(2));
        (await bed.CleanAsync()).Received.ShouldBe(1);
        (await bed.LedgerAsync(4)).Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task An_object_that_is_missing_behind_its_offsets_stops_the_dataset_there()
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, 0, CleaningBed.Reading(1));
        await PutOffsetsAsync(bed, new LandedOffsets(1, 4, 2, [new(2, 3)], []));
        await bed.PutAsync(0, 4, CleaningBed.Reading(2));
        (await Should.ThrowAsync<RawDataException>(() => bed.CleanAsync())).Message.ShouldContain($"Restore the object {CleaningBed.ObjectKey(0, 2)}");
        (await bed.CleanRowsAsync()).ShouldBe(["1|a"]);
    }

    [Fact]
    public async Task Missing_offsets_stop_the_dataset_there()
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, 0, CleaningBed.Reading(1));
        await bed.PutAsync(0, 2, CleaningBed.Reading(2));
        (await Should.ThrowAsync<RawDataException>(() => bed.CleanAsync())).Message.ShouldContain("Records 1 to 1");
        (await bed.CleanRowsAsync()).ShouldBe(["1|a"]);
    }

    [Theory]
    [InlineData("""{"start":0,"end":3,"object":0,"lines":[[0,1],[2,3]],"skipped":[]}""", "fewer lines")]
    [InlineData("""{"start":0,"end":3,"object":0,"lines":[[1,2]],"skipped":[]}""", null)]
    [InlineData("""{"start":0,"end":9,"object":0,"lines":[[5,4]],"skipped":[]}""", "not in order")]
    [InlineData("""{"start":1,"end":9,"lines":[],"skipped":[]}""", "offsets 1 to 8")]
    [InlineData("""{"start":0,"end":3,"object":0,"lines":[[0]],"skipped":[]}""", "the range [0] is not two offsets")]
    [InlineData("""{"start":0,"end":3,"object":0,"lines":[[0,1,2]],"skipped":[]}""", "the range [0,1,2] is not two offsets")]
    [InlineData("""{"start":0}""", "does not hold offsets")]
    [InlineData("", "does not hold offsets")]
    public async Task Offsets_that_do_not_fit_are_refused_by_name(string offsets, string? reason)
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, 0, CleaningBed.Reading(1));
        await bed.Raw.PutAsync(OffsetsKey(0), System.Text.Encoding.UTF8.GetBytes(offsets), CleaningBed.Cancel);
        if (reason is null)
        {
            (await bed.CleanAsync()).Received.ShouldBe(1);
            return;
        }

        (await Should.ThrowAsync<RawDataException>(() => bed.CleanAsync())).Message.ShouldContain(reason);
    }

    [Theory]
    [InlineData(3, 1000, 2, "more lines")]
    [InlineData(5, 1000, 2, "fewer lines")]
    [InlineData(5, 3, 3, "fewer lines")]
    public async Task Lines_that_do_not_fit_stop_the_dataset_behind_what_comes_before_them_and_nothing_is_doubled(
        int end, int rowsPerCommit, int before, string reason)
    {
        using var bed = new CleaningBed();
        bed.Options = bed.Options with { RowsPerCommitMax = rowsPerCommit };
        await bed.PutAsync(0, 0, CleaningBed.Reading(1), "a");
        await PutOffsetsAsync(bed, new LandedOffsets(2, end, 2, [new(2, end)], []));
        await bed.PutAsync(0, 2, CleaningBed.Reading(2), "b");

        (await Should.ThrowAsync<RawDataException>(() => bed.CleanAsync())).Message.ShouldContain(reason);
        var account = await bed.LedgerAsync(4);
        (account.Clean + account.Quarantined, account.Waiting, account.Closes).ShouldBe((before, 4 - before, true));

        await PutOffsetsAsync(bed, new LandedOffsets(2, 4, 2, [new(2, 4)], []));
        (await bed.CleanAsync()).Received.ShouldBe(4 - before);
        (await bed.CleanRowsAsync()).ShouldBe(["1|a", "2|a"]);
        (await bed.QuarantineRowsAsync()).ShouldBe(["0|1|2|not JSON", "0|3|2|not JSON"]);
        (await bed.LedgerAsync(4)).Closes.ShouldBeTrue();
    }

    private static ObjectKey OffsetsKey(long from) => new(CleaningBed.ObjectKey(0, from).Replace("topics/", "topics.offsets/", StringComparison.Ordinal));

    private static async Task PutOffsetsAsync(CleaningBed bed, LandedOffsets offsets) =>
        await bed.Raw.PutAsync(OffsetsKey(offsets.Start), offsets.ToJson(), CleaningBed.Cancel);
}

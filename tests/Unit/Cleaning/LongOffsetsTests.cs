using Sluice.Objects;
using Sluice.Testing.Cleaning;

namespace Sluice.Unit.Cleaning;

/// <summary>Objects whose offsets have more than the 10 digits that keys are padded to, and which are therefore listed among others.</summary>
public sealed class LongOffsetsTests
{
    private const long TenDigits = 10_000_000_000;

    [Fact]
    public async Task Objects_behind_the_last_offset_of_10_digits_are_read_run_after_run()
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, TenDigits - 3, CleaningBed.Reading(1));
        (await bed.CleanAsync()).Received.ShouldBe(1);
        await bed.PutAsync(0, TenDigits - 2, CleaningBed.Reading(2), CleaningBed.Reading(3));
        await bed.PutAsync(0, TenDigits, CleaningBed.Reading(4));
        (await bed.CleanAsync()).Received.ShouldBe(3);
        await bed.PutAsync(0, TenDigits + 1, CleaningBed.Reading(5), CleaningBed.Reading(6));
        (await bed.CleanAsync()).Received.ShouldBe(2);
        (await bed.CleanAsync()).Received.ShouldBe(0);

        (await bed.CleanRowsAsync()).ShouldBe(["1|a", "2|a", "3|a", "4|a", "5|a", "6|a"]);
        (await bed.LedgerAsync(TenDigits + 3)).ToString()
            .ShouldBe("batch.reading: 10000000003 received = 6 clean + 0 quarantined + 0 duplicates + 9999999997 skipped + 0 waiting: closes");
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1000)]
    public async Task Objects_are_read_in_the_order_of_their_offsets(int lines, int rowsPerCommit)
    {
        using var bed = new CleaningBed();
        bed.Options = bed.Options with { RowsPerCommitMax = rowsPerCommit };
        // The same key in all: the first is the one that is kept.
        foreach (var start in new[] { TenDigits - (2 * lines), TenDigits - lines, TenDigits, TenDigits + lines })
            await bed.PutAsync(0, start, [.. Enumerable.Range(0, lines).Select(line => CleaningBed.Reading(1, $"{start + line}"))]);
        (await bed.CleanAsync()).Duplicates.ShouldBe((4 * lines) - 1);
        (await bed.CleanRowsAsync()).ShouldBe([$"1|{TenDigits - (2 * lines)}"]);
    }

    [Fact]
    public async Task A_partition_may_begin_behind_10_digits_and_end_behind_12()
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, TenDigits + 5, CleaningBed.Reading(1));
        await PutOffsetsAsync(bed, new LandedOffsets(TenDigits + 6, 100 * TenDigits, null, [], [new(TenDigits + 6, 100 * TenDigits)]));
        await bed.PutAsync(0, 100 * TenDigits, CleaningBed.Reading(2));
        (await bed.CleanAsync()).Received.ShouldBe(2);
        await bed.PutAsync(0, (100 * TenDigits) + 1, CleaningBed.Reading(3));
        (await bed.CleanAsync()).Received.ShouldBe(1);
        (await bed.CleanRowsAsync()).ShouldBe(["1|a", "2|a", "3|a"]);
    }

    [Fact]
    public async Task Offsets_beside_objects_are_read_with_as_many_digits()
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, TenDigits - 4, CleaningBed.Reading(1));
        await PutOffsetsAsync(bed, new LandedOffsets(TenDigits - 3, TenDigits - 1, null, [], [new(TenDigits - 3, TenDigits - 1)]));
        await PutOffsetsAsync(bed, new LandedOffsets(TenDigits - 1, TenDigits + 9, TenDigits + 2, [new(TenDigits + 2, TenDigits + 3)], []));
        await bed.PutAsync(0, TenDigits + 2, CleaningBed.Reading(2));
        await PutOffsetsAsync(bed, new LandedOffsets(TenDigits + 9, TenDigits + 12, TenDigits + 11, [new(TenDigits + 11, TenDigits + 12)], []));
        await bed.PutAsync(0, TenDigits + 11, CleaningBed.Reading(3));
        (await bed.CleanAsync()).Received.ShouldBe(3);
        (await bed.CleanRowsAsync()).ShouldBe(["1|a", "2|a", "3|a"]);
        (await bed.LedgerAsync(TenDigits + 12)).Waiting.ShouldBe(0);
    }

    private static async Task PutOffsetsAsync(CleaningBed bed, LandedOffsets offsets) => await bed.Raw.PutAsync(
        new ObjectKey(CleaningBed.ObjectKey(0, offsets.Start).Replace("topics/", "topics.offsets/", StringComparison.Ordinal)), offsets.ToJson(), CleaningBed.Cancel);
}

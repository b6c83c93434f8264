using CsCheck;
using Sluice.Cleaning;
using Sluice.Testing.Cleaning;

namespace Sluice.Unit.Cleaning.Stream;

public sealed class PathProperties
{
    /// <summary>
    /// One partition here and one shard there: of records with the same key the first is kept, so the two paths give the same rows where
    /// they meet such records in the same order, whatever a commit holds.
    /// </summary>
    [Fact]
    public async Task Batch_and_stream_make_the_same_rows_and_the_same_quarantine_of_the_same_records() =>
        await Gen.Select(CleaningProperties.Record.Array[1, 200], Gen.Int[20, 150], Gen.Int[1, 90]).SampleAsync(
            async (records, rowsPerBatch, rowsPerCommit) =>
            {
                using var bed = new StreamBed();
                bed.Tables.Options = bed.Tables.Options with { RowsPerCommitMax = rowsPerBatch };
                bed.Options = bed.Options with { RowsPerCommitMax = rowsPerCommit };
                await bed.Tables.PutBytesAsync(0, 0, records);
                await bed.PutBytesAsync(0, records);
                var batch = await bed.Tables.CleanAsync();
                var stream = await bed.DrainAsync();

                (stream.Clean, stream.Quarantined, stream.Duplicates).ShouldBe((batch.Clean, batch.Quarantined, batch.Duplicates));
                var difference = await CompareAsync(bed);
                difference.IsNone.ShouldBeTrue(string.Join('\n', difference.Clean.BatchSample.Concat(difference.Clean.StreamSample)
                    .Concat(difference.Quarantine.BatchSample).Concat(difference.Quarantine.StreamSample)));
                (difference.Clean.BatchRows, difference.Clean.StreamRows, difference.Quarantine.StreamRows)
                    .ShouldBe((batch.Clean, batch.Clean, batch.Quarantined));
                (await bed.LedgerAsync()).Closes.ShouldBeTrue();
            },
            iter: 8, threads: 1);

    [Fact]
    public async Task A_difference_is_counted_and_shown_on_both_sides()
    {
        using var bed = new StreamBed();
        await bed.Tables.PutAsync(0, 0, CleaningBed.Reading(1), CleaningBed.Reading(2, "here"), "garbage", "garbage");
        await bed.PutAsync(0, CleaningBed.Reading(1), CleaningBed.Reading(2, "there"), CleaningBed.Reading(3), "garbage");
        await bed.Tables.CleanAsync();
        await bed.DrainAsync();

        var difference = await CompareAsync(bed);

        difference.IsNone.ShouldBeFalse();
        (difference.Clean.BatchRows, difference.Clean.StreamRows, difference.Clean.OnlyBatch, difference.Clean.OnlyStream).ShouldBe((2, 3, 1, 2));
        difference.Clean.BatchSample.ShouldBe(["""{"id":2,"name":"here","score":null,"active":null,"note":null}"""]);
        difference.Clean.StreamSample.Count.ShouldBe(2);
        (difference.Quarantine.OnlyBatch, difference.Quarantine.OnlyStream).ShouldBe((1, 0));
        difference.Quarantine.BatchSample.ShouldBe(["""{"raw":"garbage","reasons":["not JSON"]}"""]);
    }

    [Fact]
    public async Task Paths_that_never_ran_do_not_differ()
    {
        using var bed = new StreamBed();
        (await CompareAsync(bed)).IsNone.ShouldBeTrue();
    }

    private static Task<PathDifference> CompareAsync(StreamBed bed) =>
        new PathComparison(bed.Tables.Pipeline, bed.Tables.Catalog, bed.Tables.Options).CompareAsync(CleaningBed.Dataset, CleaningBed.Cancel);
}

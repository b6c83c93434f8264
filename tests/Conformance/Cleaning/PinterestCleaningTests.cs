using Sluice.Definition;
using Sluice.Objects;
using Sluice.Source;
using Sluice.Testing;
using Sluice.Testing.Cleaning;

namespace Sluice.Conformance.Cleaning;

/// <summary>The real rows through the real pipeline, held against what is known of them from outside.</summary>
public sealed class PinterestCleaningTests
{
    [Theory]
    [InlineData(TimestampSpelling.Space)]
    [InlineData(TimestampSpelling.T)]
    public async Task Real_rows_are_clean_and_their_sentinels_are_null(TimestampSpelling spelling)
    {
        var samples = Repository.SharedOrSkip("samples/pinterest");
        var pipeline = PipelineFile.Read(Path.Combine(Repository.Root, "pipelines", "pinterest")).Definition.ShouldNotBeNull();
        using var bed = new CleaningBed { Pipeline = pipeline };
        bed.Options = bed.Options with { RowsPerCommitMax = 5000, ReadBytes = 1 << 20 };
        var opening = await RowSources.OpenAsync(new SourceUri.Csv(samples), pipeline, spelling, CleaningBed.Cancel);
        await using var source = opening.Source.ShouldNotBeNull(string.Join('\n', opening.Faults));

        foreach (var dataset in pipeline.Datasets)
        {
            var rows = await PutAsync(bed, source, dataset);
            var report = await bed.Cleaner.CleanAsync(dataset.Name, CleaningBed.Cancel);
            (report.Received, report.Clean).ShouldBe((rows, rows), $"{dataset.Name}");
        }

        // The counts of sentinels were taken from the raw rows, outside of this project.
        (await bed.RowsAsync(
            "batch.pin",
            """
            SELECT count(*), count(*) FILTER (follower_count IS NULL), count(*) FILTER (poster_name IS NULL), count(*) FILTER (tag_list IS NULL),
              count(*) FILTER (image_src IS NULL), max(follower_count), count(*) FILTER (save_location NOT LIKE '/data/%') FROM {t}
            """)).ShouldBe(["4207|30|30|63|97|15000000|0"]);
        (await bed.RowsAsync("batch.geo", "SELECT count(*), count(DISTINCT country), min(timestamp)::VARCHAR, max(timestamp)::VARCHAR FROM {t}"))
            .ShouldBe(["11154|243|2017-10-19 15:13:42+00|2022-10-19 17:54:26+00"]);
        (await bed.RowsAsync("batch.user", "SELECT count(*), count(DISTINCT (user_name, age, date_joined)), count(DISTINCT user_name) FROM {t}"))
            .ShouldBe(["11154|5307|5081"]);
    }

    private static async Task<long> PutAsync(CleaningBed bed, IRowSource source, Dataset dataset)
    {
        var content = new MemoryStream();
        var rows = 0L;
        await foreach (var row in source.ReadAsync(dataset.Table, 0, long.MaxValue, CleaningBed.Cancel))
        {
            content.Write(row.Span);
            content.WriteByte((byte)'\n');
            rows++;
        }

        var key = new ObjectKey($"topics/{dataset.Topic}/partition=0/{dataset.Topic}+0+0000000000.json");
        await bed.Raw.PutAsync(key, content.ToArray(), CleaningBed.Cancel);
        return rows;
    }
}

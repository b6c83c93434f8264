using DuckDB.NET.Data;
using Sluice.Cleaning.Quality;
using Sluice.Definition;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Cleaning;

/// <summary>
/// What the expectations of the datasets counted. The sums are read from the clean tables, which hold them with their rows; the runs from the table
/// <c>quality.results</c>, to which a batch run appends at its end and the stream job once a minute.
/// </summary>
public sealed class QualityResults(PipelineDefinition pipeline, TableCatalog tables, CleaningOptions options)
{
    // Some columns of small rows.
    private const long MemoryBytesMax = 256L << 20;

    /// <summary>The expectations of every dataset on both paths, as declared; behind them those that were counted before they were changed or taken out.</summary>
    public async Task<IReadOnlyList<QualityLine>> ReadAsync(CancellationToken cancel)
    {
        var runs = await LastRunsAsync(cancel);
        var lines = new List<QualityLine>();
        foreach (var path in (string[])[CleaningTarget.Batch, CleaningTarget.Stream])
        {
            foreach (var dataset in pipeline.Datasets)
            {
                foreach (var count in await CountsAsync(CleaningTarget.Of(dataset, path), cancel))
                {
                    var last = runs.GetValueOrDefault((dataset.Name, path, count.Expectation, count.Action));
                    lines.Add(new QualityLine(dataset.Name, path, count.Expectation, count.Action, count.Passed, count.Failed) { LastRun = last });
                }
            }
        }

        return lines;
    }

    private async ValueTask<IReadOnlyList<QualityCount>> CountsAsync(CleaningTarget target, CancellationToken cancel)
    {
        var declared = target.Dataset.Expectations.Select(e => new QualityCount(e.Name, QualityCounters.ActionOf(e), 0, 0)).ToList();
        if (await tables.OpenAsync(DatasetTables.CleanName(target), cancel) is not { } table) return declared;
        var counted = QualityCounters.Read(target, await table.SnapshotAsync(cancel)).ToDictionary(count => (count.Expectation, count.Action));
        return
        [
            .. declared.Select(count => counted.Remove((count.Expectation, count.Action), out var known) ? known : count),
            .. counted.Values,
        ];
    }

    private async Task<Dictionary<(string, string, string, string), QualityRun>> LastRunsAsync(CancellationToken cancel)
    {
        if (await tables.OpenAsync(QualityTable.Name, cancel) is not { } table) return [];
        var relation = await table.RelationAsync(await table.SnapshotAsync(cancel), cancel);
        using var duckDb = DuckDb.Open(new DuckDbOptions(options.TempDirectory, Math.Min(MemoryBytesMax, options.MemoryBytesMax), options.Threads));
        using var connection = duckDb.Connect();
        var rows = await connection.ReadAsync(
            $"""
            SELECT dataset, path, expectation, action, run, CAST(sum(passed) AS BIGINT), CAST(sum(failed) AS BIGINT), max(recorded_at)
            FROM {relation} GROUP BY dataset, path, expectation, action, run
            QUALIFY row_number() OVER (PARTITION BY dataset, path, expectation, action ORDER BY max(recorded_at) DESC, run DESC) = 1
            """,
            Read, cancel);
        return rows.ToDictionary(row => row.Key, row => row.Run);
    }

    private static ((string, string, string, string) Key, QualityRun Run) Read(DuckDBDataReader row) => (
        (row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3)),
        new QualityRun(
            row.GetString(4), row.GetInt64(5), row.GetInt64(6), new DateTimeOffset(DateTime.SpecifyKind(row.GetDateTime(7), DateTimeKind.Utc))));
}

/// <summary>One expectation on one path, over all runs.</summary>
/// <param name="Path">batch or stream.</param>
/// <param name="Action">warn, drop, fail or quarantine.</param>
/// <param name="Passed">Rows that passed the checks and met it.</param>
/// <param name="Failed">Rows that passed the checks and did not meet it.</param>
public sealed record QualityLine(string Dataset, string Path, string Expectation, string Action, long Passed, long Failed)
{
    /// <summary>The newest run in <c>quality.results</c>; null when there is none.</summary>
    public QualityRun? LastRun { get; init; }
}

/// <summary>What one run counted of an expectation.</summary>
public sealed record QualityRun(string Name, long Passed, long Failed, DateTimeOffset RecordedAt);

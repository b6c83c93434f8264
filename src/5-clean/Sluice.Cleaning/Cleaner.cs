using Microsoft.Extensions.Logging;
using Sluice.Cleaning.Judging;
using Sluice.Cleaning.Quality;
using Sluice.Cleaning.Raw;
using Sluice.Definition;
using Sluice.Objects;
using Sluice.Tables;

namespace Sluice.Cleaning;

/// <summary>
/// The batch path: cleans the objects that the sink wrote since the last run into the tables <c>batch.*</c>, <c>quarantine.*</c> and
/// <c>duplicates.*</c>, each record exactly once whatever crashes in between.
/// </summary>
/// <remarks>Datasets may be cleaned side by side. Of two runs of the same dataset one waits its turn by starting over; nothing is doubled.</remarks>
/// <param name="pipeline">Names the datasets.</param>
/// <param name="raw">Holds the sink's objects.</param>
/// <param name="tables">Holds the tables.</param>
public sealed class Cleaner(
    PipelineDefinition pipeline, IObjectStore raw, TableCatalog tables, CleaningOptions options, TimeProvider time, ILogger<Cleaner> logger)
{
    /// <summary>Cleans what is new of a dataset until nothing is left.</summary>
    /// <param name="progress">Told the run's report so far after every commit.</param>
    /// <param name="run">What <c>quality.results</c> calls the run; null for the time it began. A run that is resumed keeps its name.</param>
    /// <exception cref="ArgumentException">The pipeline has no such dataset.</exception>
    /// <exception cref="Sql.SqlException">The clean SQL or a check does not bind, or DuckDB runs out of memory or disk.</exception>
    /// <exception cref="CleanSqlException">The clean SQL is no cleaning.</exception>
    /// <exception cref="RawDataException">Objects are missing or foreign. What lies before them is cleaned.</exception>
    /// <exception cref="ExpectationException">A row does not meet an expectation that stops the dataset. What lies before its commit is cleaned.</exception>
    /// <exception cref="CleaningException">Other writers were in the way too often.</exception>
    public async Task<CleanReport> CleanAsync(
        string dataset, CancellationToken cancel, IProgress<CleanReport>? progress = null, string? run = null)
    {
        var target = CleaningTarget.Of(pipeline.DatasetNamed(dataset), CleaningTarget.Batch);
        var counts = new CleanRun(target, time, progress) { Name = run ?? QualityTable.RunAt(time.GetUtcNow()) };
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await CleanOnceAsync(counts, cancel);
                return counts.Report();
            }
            catch (OvertakenException e) when (attempt < options.AttemptsMax)
            {
                logger.LogInformation("Cleaning {Path}.{Dataset} starts over: {Reason}", target.Path, dataset, e.Message);
            }
            catch (OvertakenException e)
            {
                throw new CleaningException(
                    $"Cleaning {target.Path}.{dataset} was overtaken {attempt} times by another writer ({e.Message}) Let one process own the tables.");
            }
        }
    }

    private async Task CleanOnceAsync(CleanRun run, CancellationToken cancel)
    {
        var target = run.Target;
        var destination = await DatasetTables.OpenAsync(tables, target, cancel);
        var topic = new RawTopic(raw, target.Topic, options);
        var snapshot = await destination.Clean.SnapshotAsync(cancel);
        var positions = new Dictionary<int, RawPosition?>();
        foreach (var partition in await topic.PartitionsAsync(cancel)) positions[partition] = PositionOf(target, snapshot, partition);
        run.Start(positions);

        var batches = topic.ReadAsync(positions, cancel).GetAsyncEnumerator(cancel);
        await using var _ = batches.ConfigureAwait(false);
        var any = await batches.MoveNextAsync();
        if (!any && !await QualityTable.IsBehindAsync(tables, target, snapshot, cancel)) return;
        using var session = CleaningSession.Open(target.Dataset, options);
        try
        {
            if (any) await CleanBatchesAsync(run, batches, destination, session, cancel);
        }
        catch (ExpectationException)
        {
            // What was committed before it counts.
            await RecordAsync(run, destination, session, cancel);
            throw;
        }

        await RecordAsync(run, destination, session, cancel);
    }

    private Task<bool> RecordAsync(CleanRun run, DatasetTables destination, CleaningSession session, CancellationToken cancel) =>
        QualityTable.RecordAsync(tables, (run.Target, destination.Clean), session.Connection, (run.Name, time.GetUtcNow()), cancel);

    private async Task CleanBatchesAsync(
        CleanRun run, IAsyncEnumerator<RawBatch> batches, DatasetTables destination, CleaningSession session, CancellationToken cancel)
    {
        var target = run.Target;
        var commit = new BatchCommit(target, destination, session, new TableKeys(destination.Clean, target.Dataset.Key), time);
        for (var more = true; more;)
        {
            var batch = batches.Current;
            // The next batch is read while this one is cleaned.
            var next = batches.MoveNextAsync().AsTask();
            try
            {
                run.Add(batch, await commit.RunAsync(batch, cancel));
            }
            finally
            {
                batch.Release();
                // An iterator must not be disposed while it runs. Its own failure is thrown below, after the batch before it is in.
                await next.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }

            more = await next;
        }
    }

    private static RawPosition? PositionOf(CleaningTarget target, Snapshot clean, int partition) =>
        clean.TransactionVersion(target.PositionId(partition)) is { } next
            ? new RawPosition(next, clean.TransactionVersion(target.ObjectId(partition)) ?? next)
            : null;
}

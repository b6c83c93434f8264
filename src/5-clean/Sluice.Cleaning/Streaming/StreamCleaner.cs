using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Sluice.Cleaning.Quality;
using Sluice.Definition;
using Sluice.Log;
using Sluice.Tables;

namespace Sluice.Cleaning.Streaming;

/// <summary>
/// The stream path: cleans the records of the datasets' streams into the tables <c>stream.*</c>, <c>quarantine.*</c> and
/// <c>duplicates.*</c> within a fraction of a second, each record exactly once whatever crashes in between. It is the same engine with
/// the same SQL as the batch path; what differs is where records come from and how many share a commit.
/// </summary>
/// <remarks>
/// A commit to the clean table holds the rows and the positions they reach in each shard. Of two jobs on the same tables one starts over
/// from what the other committed; nothing is doubled. It is disposed after <see cref="RunAsync(CancellationToken, IProgress{StreamJobStatus})"/>
/// has ended.
/// </remarks>
public sealed class StreamCleaner : IAsyncDisposable
{
    private readonly PipelineDefinition _pipeline;
    private readonly StreamOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<StreamCleaner> _logger;
    private readonly TableCompactor _compactor;
    private readonly DatasetStream[] _datasets;

    /// <param name="pipeline">Names the datasets and their streams.</param>
    /// <param name="log">Holds the streams: topics of their names, whose partitions are the shards.</param>
    /// <param name="tables">Holds the tables.</param>
    public StreamCleaner(
        PipelineDefinition pipeline, ILog log, TableCatalog tables, StreamOptions options, TimeProvider time, ILogger<StreamCleaner> logger)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        ArgumentNullException.ThrowIfNull(options);
        _pipeline = pipeline;
        _options = options;
        _time = time;
        _logger = logger;
        _compactor = new TableCompactor(options.Cleaning.TempDirectory, options.Compaction);
        _datasets =
        [
            .. pipeline.Datasets.Select(dataset =>
                new DatasetStream(CleaningTarget.Of(dataset, CleaningTarget.Stream), log, tables, _compactor, options, time)),
        ];
    }

    /// <summary>How each dataset is doing, in the order of the pipeline.</summary>
    public IReadOnlyList<StreamJobStatus> Status => [.. _datasets.Select(dataset => dataset.Progress.Status)];

    /// <summary>
    /// Cleans all datasets side by side as records arrive, until cancelled; a commit at hand then happens or does not. A dataset with a
    /// fault that does not pass stops, with the reason in its <see cref="Status"/>, and the others go on.
    /// </summary>
    /// <param name="progress">Told a dataset's status after every commit and every change of state, from the threads of the job.</param>
    public Task RunAsync(CancellationToken cancel, IProgress<StreamJobStatus>? progress = null)
    {
        foreach (var dataset in _datasets)
        {
            dataset.Progress.Watch(progress);
            dataset.Run = QualityTable.RunAt(_time.GetUtcNow());
        }

        return Task.WhenAll(_datasets.Select(dataset => RunAsync(dataset, cancel)));
    }

    /// <summary>Cleans what a dataset's stream holds at this moment, then returns: the trigger <c>available-now</c>.</summary>
    /// <param name="progress">Told the report so far after every commit.</param>
    /// <param name="run">What <c>quality.results</c> calls the run; null for the time it began, or that of the job that runs meanwhile.</param>
    /// <exception cref="ArgumentException">The pipeline has no such dataset.</exception>
    /// <exception cref="StreamGapException">Records are gone, and <see cref="StreamOptions.Gaps"/> does not accept that.</exception>
    /// <exception cref="Sql.SqlException">The clean SQL or a check does not bind, or DuckDB runs out of memory or disk.</exception>
    /// <exception cref="CleanSqlException">The clean SQL is no cleaning.</exception>
    /// <exception cref="ExpectationException">A row does not meet an expectation that stops the dataset. What lies before its commit is cleaned.</exception>
    /// <exception cref="CleaningException">The stream is not the one that the table was cleaned from, or other writers were in the way too often.</exception>
    public async Task<CleanReport> DrainAsync(
        string dataset, CancellationToken cancel, IProgress<CleanReport>? progress = null, string? run = null)
    {
        var stream = Named(dataset);
        if (run is not null || stream.Run.Length == 0) stream.Run = run ?? QualityTable.RunAt(_time.GetUtcNow());
        var counts = new DrainRun(stream, _time, progress);
        try
        {
            var retry = Retry(_options.DrainAttemptsMax - 1, stream);
            var ends = await retry.ExecuteAsync(async token => await stream.EndsAsync(token), cancel);
            while (await retry.ExecuteAsync(token => StepAsync(stream, ends, token), cancel)) counts.Report();
            await stream.RecordQualityAsync(cancel);
            return counts.Report();
        }
        catch (OvertakenException e)
        {
            throw new CleaningException(
                $"Cleaning stream.{dataset} was overtaken {_options.DrainAttemptsMax} times by another writer ({e.Message}) Let one process own the tables.");
        }
    }

    /// <summary>
    /// Goes on behind records that retention removed before they were cleaned; the ledger counts them as skipped. The job of the dataset,
    /// if it stopped, is taken up again.
    /// </summary>
    /// <exception cref="ArgumentException">The pipeline has no such dataset.</exception>
    public async Task AcceptGapAsync(string dataset, CancellationToken cancel)
    {
        var stream = Named(dataset);
        await stream.AcceptGapsAsync(cancel);
        stream.Resume();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var dataset in _datasets) await dataset.DisposeAsync();
        _compactor.Dispose();
    }

    private DatasetStream Named(string name)
    {
        var dataset = _pipeline.DatasetNamed(name);
        return _datasets.Single(stream => ReferenceEquals(stream.Target.Dataset, dataset));
    }

    /// <summary>One commit of a drain; whether there is more to do.</summary>
    private async ValueTask<bool> StepAsync(DatasetStream stream, IReadOnlyList<PartitionEnd> ends, CancellationToken cancel)
    {
        try
        {
            return await stream.StepTowardsAsync(ends, cancel);
        }
        catch (StreamGapException) when (AcceptsGaps)
        {
            // It is closed. Opening again steps over the gap and counts it.
            return true;
        }
    }

    private bool AcceptsGaps => _options.Gaps == GapPolicy.Skip;

    private async Task RunAsync(DatasetStream stream, CancellationToken cancel)
    {
        var retry = Retry(int.MaxValue, stream);
        try
        {
            while (true)
            {
                var resumed = stream.Resumed;
                try
                {
                    while (true) await retry.ExecuteAsync(token => CycleAsync(stream, token), cancel);
                }
                catch (Exception fault) when (fault is not OperationCanceledException || !cancel.IsCancellationRequested)
                {
                    stream.Progress.Become(StreamJobState.Failed, fault.Message);
                    _logger.LogError(fault, "Cleaning stream.{Dataset} stopped", stream.Target.Dataset.Name);
                }

                await resumed.WaitAsync(cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            stream.Progress.Become(StreamJobState.Stopped);
            await RecordLastAsync(stream);
        }
        finally
        {
            await stream.CloseAsync();
        }
    }

    /// <summary>Appends what a job counted before it closes. The counts are in the clean table: a store that is away does not spoil an orderly end.</summary>
    private async Task RecordLastAsync(DatasetStream stream)
    {
        try
        {
            await stream.RecordQualityAsync(CancellationToken.None);
        }
        catch (Exception fault) when (StreamFaults.MayPass(fault) || fault is CleaningException)
        {
            stream.Progress.Become(StreamJobState.Stopped, $"The next start appends to quality.results what the expectations counted: {fault.Message}");
            _logger.LogWarning(
                "Stream.{Dataset} ends before quality.results has its counts; the next start appends them: {Reason}", stream.Target.Dataset.Name, fault.Message);
        }
    }

    /// <summary>Waits for records and makes one commit of them.</summary>
    private async ValueTask CycleAsync(DatasetStream stream, CancellationToken cancel)
    {
        try
        {
            if (!await stream.OpenAsync(cancel))
            {
                stream.Progress.Become(StreamJobState.Waiting, $"There is no stream {stream.Target.Topic} yet.");
                await Task.Delay(_options.ShardsRefresh, _time, cancel);
                return;
            }

            stream.Progress.Become(StreamJobState.Running);
            if (await stream.StepAsync(cancel)) return;
            await stream.WaitAsync(cancel);
        }
        catch (StreamGapException) when (AcceptsGaps)
        {
            // As for a drain: opening again steps over the gap.
        }
    }

    private ResiliencePipeline Retry(int attempts, DatasetStream stream) => new ResiliencePipelineBuilder { TimeProvider = _time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = static outcome => ValueTask.FromResult(outcome.Outcome.Exception is { } fault && StreamFaults.MayPass(fault)),
            BackoffType = DelayBackoffType.Exponential,
            Delay = _options.RetryDelay,
            MaxDelay = _options.RetryDelayMax,
            MaxRetryAttempts = attempts,
            OnRetry = retry =>
            {
                var fault = retry.Outcome.Exception!;
                stream.Progress.Become(StreamJobState.Retrying, fault.Message);
                _logger.LogWarning("Cleaning stream.{Dataset} is tried again in {Delay}: {Reason}", stream.Target.Dataset.Name, retry.RetryDelay, fault.Message);
                return default;
            },
        })
        .Build();
}

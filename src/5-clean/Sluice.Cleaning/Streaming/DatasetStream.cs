using Sluice.Cleaning.Judging;
using Sluice.Cleaning.Quality;
using Sluice.Cleaning.Raw;
using Sluice.Log;
using Sluice.Tables;

namespace Sluice.Cleaning.Streaming;

/// <summary>
/// Takes one dataset's stream into its tables, commit by commit. After any fault it begins anew from the positions in the table, so
/// whatever happened before counts either wholly or not at all.
/// </summary>
internal sealed class DatasetStream(
    CleaningTarget target, ILog log, TableCatalog catalog, TableCompactor compactor, StreamOptions options, TimeProvider time) : IAsyncDisposable
{
    // One commit at a time, whoever asks for it.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private Opened? _opened;
    private bool _wasAbsent;

    // When counts were first left to be appended, as the clock's timestamp; null when none are.
    private long? _countsSince;
    private TaskCompletionSource _resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CleaningTarget Target => target;

    public StreamProgress Progress { get; } = new(target);

    /// <summary>Opens the tables and the shards, unless they are; false when there is no such stream.</summary>
    public Task<bool> OpenAsync(bool acceptGaps, CancellationToken cancel) => InTurnAsync(() => OpenInTurnAsync(acceptGaps, cancel), cancel);

    /// <summary>
    /// Makes one commit of the records that are there, waiting for more as the options say, or not at all with <paramref name="now"/>;
    /// false when there was none. It is opened.
    /// </summary>
    public Task<bool> StepAsync(bool now, CancellationToken cancel) => InTurnAsync(() => StepInTurnAsync(now, cancel), cancel);

    /// <summary>What <c>quality.results</c> calls the run whose commits come next.</summary>
    public string Run { get; set; } = "";

    /// <summary>Completes when there may be a record to clean, or after a second; meanwhile counts that are due are appended.</summary>
    public async Task WaitAsync(CancellationToken cancel)
    {
        if (_opened is not { } opened) return;
        if (_countsSince is { } since && time.GetElapsedTime(since) >= options.QualityEvery) await RecordQualityAsync(cancel);
        await opened.Reader.WaitAsync(cancel);
    }

    /// <summary>Appends what the expectations counted to <c>quality.results</c>; nothing when it is not opened.</summary>
    public Task RecordQualityAsync(CancellationToken cancel) => InTurnAsync(
        async () => _opened is { } opened && await RecordInTurnAsync(opened, cancel), cancel);

    /// <summary>Ends of the stream's shards.</summary>
    public async Task<IReadOnlyList<PartitionEnd>> EndsAsync(CancellationToken cancel) => await Ledger.ReceivedAsync(log, target.Topic, cancel);

    /// <summary>Whether the table holds all records before the ends.</summary>
    public bool HasReached(IReadOnlyList<PartitionEnd> ends)
    {
        var positions = Progress.Positions.ToDictionary(position => position.Partition, position => position.Next);
        return ends.All(end => positions.GetValueOrDefault(end.Partition) >= end.End);
    }

    /// <summary>Forgets what is open: after a fault, and at the end.</summary>
    public Task CloseAsync() => InTurnAsync(CloseInTurnAsync, CancellationToken.None);

    /// <summary>Completes at the next <see cref="Resume"/>; taken before the work that may stop, none is missed.</summary>
    public Task Resumed => _resumed.Task;

    public void Resume() => Interlocked.Exchange(ref _resumed, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _turn.Dispose();
    }

    private async Task<bool> InTurnAsync(Func<Task<bool>> work, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            return await work();
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<bool> OpenInTurnAsync(bool acceptGaps, CancellationToken cancel)
    {
        if (_opened is not null) return true;
        if (await log.FindTopicAsync(target.Topic, cancel) is null)
        {
            _wasAbsent = true;
            return false;
        }

        var tables = await DatasetTables.OpenAsync(catalog, target, cancel);
        var position = await new StreamPositions(target, tables.Clean, log, options).OpenAsync(_wasAbsent, acceptGaps, cancel);
        var session = CleaningSession.Open(target.Dataset, options.Cleaning);
        var keys = new KeyIndex(tables.Clean, target.Dataset, session.Connection, options.KeysInMemoryMax);
        var reader = new ShardReader(log, target, options, time);
        var commit = new BatchCommit(target, tables, session, keys, time);
        _opened = new Opened(tables, reader, session, keys, commit, new BackgroundCompaction(compactor, tables, options));
        // What a job that died had counted is appended with the first counts of this one.
        if (await QualityTable.IsBehindAsync(catalog, target, await tables.Clean.SnapshotAsync(cancel), cancel)) _countsSince ??= time.GetTimestamp();
        await reader.ListAsync(position, cancel);
        Progress.Start(reader.Positions);
        return true;
    }

    private async Task<bool> StepInTurnAsync(bool now, CancellationToken cancel)
    {
        if (_opened is not { } opened) return false;
        if (!await CollectAsync(opened.Reader, now, cancel)) return false;
        var batch = opened.Reader.Take();
        foreach (var merge in opened.Compaction.TakeClean()) opened.Keys.Replace(merge.Removed, merge.Added);
        var verdicts = await opened.Commit.RunAsync(batch, cancel);
        Progress.Add(batch, verdicts, time.GetUtcNow());
        if (target.Dataset.Expectations.Count > 0) _countsSince ??= time.GetTimestamp();
        await opened.Compaction.CommittedAsync();
        if (_countsSince is { } since && time.GetElapsedTime(since) >= options.QualityEvery) await RecordInTurnAsync(opened, cancel);
        return true;
    }

    /// <summary>Reads until a commit is full, its eldest record is of age, or none comes for a while.</summary>
    private async Task<bool> CollectAsync(ShardReader reader, bool now, CancellationToken cancel)
    {
        await reader.FillAsync(cancel);
        if (reader.IsEmpty) return reader.HasMoved;
        while (!now && !reader.IsFull)
        {
            var left = options.AgeMax - time.GetElapsedTime(reader.Since);
            if (left <= TimeSpan.Zero) break;
            await Task.Delay(left < options.Idle ? left : options.Idle, time, cancel);
            if (!await reader.FillAsync(cancel)) break;
        }

        return true;
    }

    private async Task<bool> RecordInTurnAsync(Opened opened, CancellationToken cancel)
    {
        if (_countsSince is null) return false;
        var appended = await QualityTable.RecordAsync(
            catalog, (target, opened.Tables.Clean), opened.Session.Connection, (Run, time.GetUtcNow()), cancel);
        _countsSince = null;
        return appended;
    }

    private async Task<bool> CloseInTurnAsync()
    {
        if (_opened is not { } opened) return false;
        _opened = null;
        await opened.DisposeAsync();
        return true;
    }

    private sealed record Opened(
        DatasetTables Tables, ShardReader Reader, CleaningSession Session, KeyIndex Keys, BatchCommit Commit, BackgroundCompaction Compaction)
        : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            Reader.Dispose();
            await Compaction.DisposeAsync();
            Session.Dispose();
        }
    }
}

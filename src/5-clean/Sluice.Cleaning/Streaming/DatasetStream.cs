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
/// <remarks>
/// A job and drains may use it side by side: each does its work in turn, and whatever a fault leaves unfit to go on with is closed within the
/// turn, before the next one looks at it.
/// </remarks>
internal sealed class DatasetStream(
    CleaningTarget target, ILog log, TableCatalog catalog, TableCompactor compactor, StreamOptions options, TimeProvider time) : IAsyncDisposable
{
    // One commit at a time, whoever asks for it.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private Opened? _opened;

    // Whether what is open stands between two states: opened by half, or with records taken that no commit holds yet.
    private bool _isHalfway;
    private bool _wasAbsent;

    // When counts were first left to be appended, as the clock's timestamp; null when none are.
    private long? _countsSince;
    private TaskCompletionSource _resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CleaningTarget Target => target;

    public StreamProgress Progress { get; } = new(target);

    /// <summary>Opens the tables and the shards, unless they are; false when there is no such stream.</summary>
    public Task<bool> OpenAsync(CancellationToken cancel) => InTurnAsync(() => OpenInTurnAsync(acceptsAllGaps: false, cancel), cancel);

    /// <summary>Makes one commit of the records that are there, waiting for more as the options say; false when there was none, or nothing is open.</summary>
    public Task<bool> StepAsync(CancellationToken cancel) => InTurnAsync(
        async () => _opened is { } opened && await StepInTurnAsync(opened, now: false, cancel), cancel);

    /// <summary>
    /// Makes one commit of the records that are there, opening what is not open; false when the table holds all before the ends, of the shards
    /// that are this process's, or when there is no such stream.
    /// </summary>
    public Task<bool> StepTowardsAsync(IReadOnlyList<PartitionEnd> ends, CancellationToken cancel) => InTurnAsync(
        async () =>
        {
            if (!await OpenInTurnAsync(acceptsAllGaps: false, cancel) || _opened is not { } opened || HasReached(opened.Reader, ends)) return false;
            // Children of shards that were split or merged since.
            if (ends.Any(end => opened.Reader.IsOwn(end.Partition) && !opened.Reader.Knows(end.Partition))) await opened.Reader.ListAsync(cancel);
            return await StepInTurnAsync(opened, now: true, cancel);
        },
        cancel);

    /// <summary>Opens anew, behind records that are gone, whichever process reads their shards; false when there is no such stream.</summary>
    public Task<bool> AcceptGapsAsync(CancellationToken cancel) => InTurnAsync(
        async () =>
        {
            await CloseInTurnAsync();
            return await OpenInTurnAsync(acceptsAllGaps: true, cancel);
        },
        cancel);

    /// <summary>What <c>quality.results</c> calls the run whose commits come next.</summary>
    public string Run { get; set; } = "";

    /// <summary>
    /// Completes when there may be a record to clean, or after <see cref="StreamOptions.ShardsRefresh"/>; before it waits, counts that are due
    /// are appended.
    /// </summary>
    public async Task WaitAsync(CancellationToken cancel)
    {
        IReadOnlyList<Task> news = [];
        var isOpen = await InTurnAsync(
            async () =>
            {
                if (_opened is not { } opened) return false;
                await RecordDueInTurnAsync(opened, cancel);
                news = opened.Reader.News;
                return true;
            },
            cancel);
        if (!isOpen) return;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAny([.. news, Task.Delay(options.ShardsRefresh, time, stop.Token)]);
        await stop.CancelAsync();
        cancel.ThrowIfCancellationRequested();
    }

    /// <summary>Appends what the expectations counted to <c>quality.results</c>; nothing when it is not opened.</summary>
    public Task RecordQualityAsync(CancellationToken cancel) => InTurnAsync(
        async () => _opened is { } opened && await RecordInTurnAsync(opened, cancel), cancel);

    /// <summary>Ends of the stream's shards.</summary>
    public async Task<IReadOnlyList<PartitionEnd>> EndsAsync(CancellationToken cancel) => await Ledger.ReceivedAsync(log, target.Topic, cancel);

    /// <summary>Forgets what is open.</summary>
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
        catch (Exception fault) when (_isHalfway || fault is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            // What was read and not taken when the work was cancelled is still there, and stays open; anything else is no ground to go on from.
            await CloseInTurnAsync();
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<bool> OpenInTurnAsync(bool acceptsAllGaps, CancellationToken cancel)
    {
        if (_opened is not null) return true;
        if (await log.FindTopicAsync(target.Topic, cancel) is null)
        {
            _wasAbsent = true;
            return false;
        }

        var tables = await DatasetTables.OpenAsync(catalog, target, cancel);
        var position = await new StreamPositions(target, tables.Clean, log, options).OpenAsync(_wasAbsent, acceptsAllGaps, cancel);
        var session = CleaningSession.Open(target.Dataset, options.Cleaning);
        var keys = new KeyIndex(tables.Clean, target.Dataset, session.Connection, options.KeysInMemoryMax);
        var reader = new ShardReader(log, target, options, time, position);
        var commit = new BatchCommit(target, tables, session, keys, time);
        _isHalfway = true;
        _opened = new Opened(tables, reader, session, keys, commit, new BackgroundCompaction(compactor, tables, options));
        // What a job that died had counted is appended with the first counts of this one.
        if (await QualityTable.IsBehindAsync(catalog, target, await tables.Clean.SnapshotAsync(cancel), cancel)) _countsSince ??= time.GetTimestamp();
        await reader.ListAsync(cancel);
        Progress.Start(reader.Positions);
        _isHalfway = false;
        return true;
    }

    /// <summary>Whether the table holds all records before the ends of the shards that are read here.</summary>
    private bool HasReached(ShardReader reader, IReadOnlyList<PartitionEnd> ends)
    {
        var positions = Progress.Positions.ToDictionary(position => position.Partition, position => position.Next);
        return ends.All(end => !reader.IsOwn(end.Partition) || positions.GetValueOrDefault(end.Partition) >= end.End);
    }

    private async Task<bool> StepInTurnAsync(Opened opened, bool now, CancellationToken cancel)
    {
        if (!await CollectAsync(opened.Reader, now, cancel)) return false;
        _isHalfway = true;
        var batch = opened.Reader.Take();
        foreach (var merge in opened.Compaction.TakeClean()) opened.Keys.Replace(merge.Removed, merge.Added);
        var verdicts = await opened.Commit.RunAsync(batch, cancel);
        _isHalfway = false;
        Progress.Add(batch, verdicts, time.GetUtcNow());
        if (target.Dataset.Expectations.Count > 0) _countsSince ??= time.GetTimestamp();
        await opened.Compaction.CommittedAsync();
        await RecordDueInTurnAsync(opened, cancel);
        return true;
    }

    /// <summary>Reads until a commit is full, its eldest record is of age, or none comes for a while.</summary>
    private async Task<bool> CollectAsync(ShardReader reader, bool now, CancellationToken cancel)
    {
        await reader.RefreshAsync(cancel);
        await reader.FillAsync(wakes: now, cancel);
        if (reader.IsEmpty) return reader.HasMoved;
        while (!now && !reader.IsFull)
        {
            var left = options.AgeMax - time.GetElapsedTime(reader.Since);
            if (left <= TimeSpan.Zero) break;
            await Task.Delay(left < options.Idle ? left : options.Idle, time, cancel);
            if (!await reader.FillAsync(wakes: false, cancel)) break;
        }

        return true;
    }

    private async Task RecordDueInTurnAsync(Opened opened, CancellationToken cancel)
    {
        if (_countsSince is { } since && time.GetElapsedTime(since) >= options.QualityEvery) await RecordInTurnAsync(opened, cancel);
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
        (_opened, _isHalfway) = (null, false);
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

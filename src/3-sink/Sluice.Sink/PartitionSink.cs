using Microsoft.Extensions.Logging;
using Sluice.Log;
using Sluice.Objects;

namespace Sluice.Sink;

/// <summary>
/// Sinks one partition: find where objects end, commit the decision, write the objects, commit the position. A crash after the
/// decision leaves it in the log, and the next start carries out the same one; a crash before it leaves nothing. Hence no record
/// is missing from the objects or in two of them. A failure starts over from the log after a wait.
/// </summary>
/// <remarks>
/// Where processes share the partitions, two of them may believe for a while that one is theirs, and the committed offset is only a hint.
/// Then the offsets beside an object are put for each, if absent, before it: who puts them has decided where it ends. A start goes on behind
/// those that are there, and puts the object of the last if it is missing.
/// </remarks>
internal sealed class PartitionSink(PartitionSinkContext context, TopicPartition partition, SinkTask task, bool isShared)
{
    private readonly FlushRequests _flushes = new();
    private readonly RotationClock _clock = new(context.Config, context.Time);
    private readonly List<ObjectRange> _finished = [];
    private readonly Lock _statusLock = new();

    /// <summary>Set by <see cref="RecoverAsync"/>, before anything is walked.</summary>
    private ObjectPlanner _planner = null!;
    private long _committed;

    private SinkState _state = SinkState.Unassigned;
    private string? _trace;
    private long _position;
    private long _lost;
    private LandedCounts _counts;

    /// <summary>
    /// Completes when every record before <paramref name="end"/> is in a durable object.
    /// </summary>
    /// <exception cref="SinkException">The partition failed while trying, or stopped.</exception>
    public Task FlushAsync(long end, CancellationToken cancel) => _flushes.AskAsync(end, cancel);

    /// <summary>The partition is no longer this sink's to write: whoever waits for it need not.</summary>
    public void Release() => _flushes.Release();

    /// <summary>Sinks until cancelled or until the partition is gone; failures are shown in the status and retried.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        // The caller starts many of these, and a log may answer without ever going asynchronous.
        await Task.Yield();
        var failures = 0;
        try
        {
            while (true)
            {
                var committedBefore = _committed;
                try
                {
                    await SinkAsync(cancel);
                }
                catch (UnknownTopicPartitionException)
                {
                    context.Logger.LogInformation("Sink {Sink}: {Partition} is gone.", context.Config.Name, partition);
                    _flushes.CompleteAll();
                    return;
                }
                catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
                {
                    failures = _committed > committedBefore ? 1 : failures + 1;
                    await FailAsync(e, failures, cancel);
                }
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Stopped: what is not written yet is found again in the log by the next start.
        }
        finally
        {
            _flushes.Stop(new SinkException($"The sink of {partition} stopped."));
            SetState(SinkState.Unassigned, null);
        }
    }

    public SinkPartitionStatus Status()
    {
        lock (_statusLock)
        {
            return new SinkPartitionStatus(
                partition, _state, _committed, _position, _counts.Objects, _counts.Records, _counts.Bytes, _counts.Malformed, _counts.Dropped, _lost, _trace);
        }
    }

    private async Task FailAsync(Exception cause, int failures, CancellationToken cancel)
    {
        SetState(SinkState.Failed, cause.Message);
        _flushes.FailAll(new SinkException($"{partition} cannot be sunk: {cause.Message}", cause));
        var wait = Backoff(failures);
        context.Logger.LogError(cause, "Sink {Sink}: {Partition} failed, next try in {Wait}.", context.Config.Name, partition, wait);
        await _flushes.SleepAsync(token => Task.Delay(Timeout.InfiniteTimeSpan, context.Time, token), wait, context.Time, cancel);
    }

    private TimeSpan Backoff(int failures)
    {
        // Six doublings take the smallest configurable wait, 1 ms, and the default, 5 s, far enough; the cap rules beyond.
        var wait = context.Config.RetryBackoff * Math.Pow(2, Math.Min(failures - 1, 16));
        return wait < SinkLimits.RetryBackoffMax ? wait : SinkLimits.RetryBackoffMax;
    }

    private async Task SinkAsync(CancellationToken cancel)
    {
        await InTurnAsync(RecoverAsync, cancel);
        SetState(SinkState.Running, null);
        while (true)
        {
            var walked = await InTurnAsync(StepAsync, cancel);
            if (walked) continue;
            var due = _planner.HasRecords ? _clock.DueIn() : null;
            var position = _planner.Position;
            await _flushes.SleepAsync(
                token => context.Log.WaitForRecordsAsync(partition, position, token).AsTask(), due, context.Time, cancel);
        }
    }

    private async Task<bool> InTurnAsync(Func<CancellationToken, Task<bool>> work, CancellationToken cancel)
    {
        await task.Turn.WaitAsync(cancel);
        try
        {
            return await work(cancel);
        }
        finally
        {
            task.Turn.Release();
        }
    }

    /// <summary>Takes up the committed position, carrying out a decision that was not finished.</summary>
    private async Task<bool> RecoverAsync(CancellationToken cancel)
    {
        _finished.Clear();
        _clock.Closed();
        var offsets = await context.Log.OffsetsAsync(partition, cancel);
        var committed = await FindCommittedAsync(cancel);
        // Processes that share a partition must begin it alike, whatever retention does between their starts.
        var from = committed?.Offset ?? (isShared ? 0 : offsets.Start);
        if (from > offsets.End)
        {
            throw new SinkException(
                $"{partition} is sunk up to offset {from} and the log ends at {offsets.End}: the log lost records, or is another log. " +
                $"Objects of these offsets exist and are not overwritten. Restore the log, or give the connector another name.");
        }

        SetCommitted(from);
        from = await FinishDecisionAsync(from, committed?.Metadata ?? "", offsets, cancel);
        if (isShared) from = await FollowClaimsAsync(from, cancel);

        if (from < offsets.Start) CountLost(from, offsets.Start);
        _planner = new ObjectPlanner(context.Config, from, Math.Max(from, offsets.Start));
        SetPosition(_planner.Position);
        return true;
    }

    /// <summary>Carries out a decision that was not finished; returns where it ends.</summary>
    private async Task<long> FinishDecisionAsync(long from, string metadata, PartitionOffsets offsets, CancellationToken cancel)
    {
        var pending = Decision.Parse(metadata, from);
        if (pending.Length == 0) return from;
        var redone = await StillToWriteAsync(pending, offsets, cancel);
        if (redone.Length > 0) Count(await task.Writer.WriteAsync(partition, redone, Claiming.None, cancel));
        await CommitAsync(pending[^1].End, "", cancel);
        return pending[^1].End;
    }

    /// <summary>Goes behind the objects that processes claimed from an offset on, putting those that are missing; returns where they end.</summary>
    private async Task<long> FollowClaimsAsync(long from, CancellationToken cancel)
    {
        var end = from;
        while (await context.Objects.GetAsync(context.Config.OffsetsKeyOf(partition, end), cancel) is { } bytes)
        {
            var claim = LandedOffsets.Parse(bytes);
            if (claim.Object is { } first && await context.Objects.HeadAsync(context.Config.KeyOf(partition, first), cancel) is null)
            {
                var range = new ObjectRange(claim.Start, first, claim.End);
                Count(await task.Writer.WriteAsync(partition, new[] { range }, Claiming.Follow, cancel));
            }

            end = claim.End;
        }

        if (end > from) await CommitAsync(end, "", cancel);
        return end;
    }

    private async Task<CommittedOffset?> FindCommittedAsync(CancellationToken cancel)
    {
        var all = await context.Log.CommittedOffsetsAsync(context.Config.Group, cancel);
        return all.FirstOrDefault(c => c.Partition == partition);
    }

    /// <summary>
    /// The ranges of a decision that must be written again. One whose first records the log no longer holds was either put before the
    /// crash, and its object is there, or is put with what is left.
    /// </summary>
    private async Task<ObjectRange[]> StillToWriteAsync(ObjectRange[] pending, PartitionOffsets offsets, CancellationToken cancel)
    {
        // They are put in order: where one is there, so are those before it.
        var from = pending.Length;
        while (from > 0 && !await IsPutAsync(pending[from - 1])) from--;
        foreach (var range in pending.AsSpan(from))
        {
            if (range.From < offsets.Start) CountLost(range.From, Math.Min(range.End, offsets.Start));
        }

        return pending[from..];

        // Nothing can have been put otherwise that is not put again with the same bytes.
        async Task<bool> IsPutAsync(ObjectRange range) =>
            range.First < offsets.Start && await context.Objects.HeadAsync(context.Config.KeyOf(partition, range.First), cancel) is not null;
    }

    /// <summary>Walks what the log has next, and writes the objects that ended; false when there was nothing to walk.</summary>
    private async Task<bool> StepAsync(CancellationToken cancel)
    {
        var fetched = await context.Log.ReadAsync(partition, _planner.Position, SinkLimits.FetchBytes, cancel);
        var walked = !fetched.Bytes.IsEmpty;
        if (walked && _planner.Walk(fetched.Bytes.Span, _finished) > 0) _clock.RecordsArrived();
        var due = walked ? _clock.IsScheduleDue : _clock.DueIn() == TimeSpan.Zero;
        if ((_planner.HasRecords && due) || _flushes.AnyUpTo(_planner.Position)) _planner.Cut(_finished);
        if (!_planner.HasRecords) _clock.Closed();
        SetPosition(_planner.Position);
        await WriteFinishedAsync(cancel);
        _flushes.CompleteUpTo(_planner.IsOpen ? _committed : _planner.Position);
        return walked;
    }

    private async Task WriteFinishedAsync(CancellationToken cancel)
    {
        if (_finished.Count == 0) return;
        var ranges = _finished.ToArray();
        _finished.Clear();
        for (var from = 0; from < ranges.Length; from += SinkLimits.ObjectsPerDecision)
        {
            var decided = ranges.AsMemory(from, Math.Min(SinkLimits.ObjectsPerDecision, ranges.Length - from));
            // The claims are the decision where others may write too.
            if (!isShared) await CommitAsync(decided.Span[0].From, Decision.Format(decided.Span), cancel);
            Count(await task.Writer.WriteAsync(partition, decided, isShared ? Claiming.Claim : Claiming.None, cancel));
            await CommitAsync(decided.Span[^1].End, "", cancel);
        }
    }

    private async Task CommitAsync(long offset, string metadata, CancellationToken cancel)
    {
        await context.Log.CommitOffsetsAsync(context.Config.Group, [new CommittedOffset(partition, offset, metadata)], cancel);
        SetCommitted(offset);
    }

    private void CountLost(long from, long to)
    {
        context.Logger.LogError(
            "Sink {Sink}: offsets {From} to {To} of {Partition} were deleted by the log's retention before they were sunk.",
            context.Config.Name, from, to, partition);
        lock (_statusLock) _lost += to - from;
    }

    private void Count(LandedCounts counts)
    {
        lock (_statusLock) _counts += counts;
    }

    private void SetPosition(long position)
    {
        lock (_statusLock) _position = position;
    }

    private void SetCommitted(long offset)
    {
        lock (_statusLock) _committed = offset;
    }

    private void SetState(SinkState state, string? trace)
    {
        lock (_statusLock) (_state, _trace) = (state, trace);
    }
}

/// <summary>What all partitions of a sink share.</summary>
internal sealed record PartitionSinkContext(ILog Log, IObjectStore Objects, SinkConfig Config, TimeProvider Time, ILogger Logger);

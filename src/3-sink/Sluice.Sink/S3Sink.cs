using Microsoft.Extensions.Logging;
using Sluice.Log;
using Sluice.Objects;

namespace Sluice.Sink;

/// <summary>
/// Copies the records of topics to objects, with the keys and bytes of Confluent's S3 sink (DefaultPartitioner, JsonFormat):
/// <c>topics/&lt;topic&gt;/partition=&lt;p&gt;/&lt;topic&gt;+&lt;p&gt;+&lt;first offset, 10 digits&gt;.json</c>, one JSON value per line.
/// Every record is in exactly one object, through crashes, retries, idle flushes and changed settings.
/// </summary>
/// <remarks>
/// Objects of a partition appear in the order of their offsets, so those that are visible are always a prefix of what will be.
/// Progress is the offsets of group <see cref="SinkConfig.Group"/>. One sink of a name may run at a time; or several, where the log gives each a
/// share of the partitions (<see cref="ILog.OwnedPartitionsAsync"/>).
/// </remarks>
public sealed class S3Sink : IDisposable
{
    private readonly PartitionSinkContext _context;
    private readonly SinkTask[] _tasks;
    private readonly SemaphoreSlim _discovery = new(1, 1);

    /// <summary>One flush at a time: a flush may run the sink for itself, and its end must not cut off another.</summary>
    private readonly SemaphoreSlim _flush = new(1, 1);

    private readonly Dictionary<(Guid TopicId, TopicPartition Partition), RunningPartition> _partitions = [];
    private readonly Lock _stateLock = new();
    private SinkState _state = SinkState.Unassigned;
    private string? _trace;
    private Run? _run;

    public S3Sink(ILog log, IObjectStore objects, SinkConfig config, TimeProvider time, ILogger logger)
    {
        _context = new PartitionSinkContext(log, objects, config, time, logger);
        _tasks = [.. Enumerable.Range(0, config.TasksMax).Select(id => new SinkTask(id, log, objects, config))];
    }

    /// <summary>Where every task and partition stands; may be asked at any time.</summary>
    public SinkStatus Status
    {
        get
        {
            var tasks = _tasks.Select(t => t.Status()).ToList();
            lock (_stateLock) return new SinkStatus(_context.Config.Name, _state, _trace, tasks);
        }
    }

    /// <summary>
    /// Sinks until cancelled, then completes. Topics and partitions that appear are taken up; failures are shown by
    /// <see cref="Status"/> and retried with a growing wait. What is in no object yet stays in the log: to leave none behind, call
    /// <see cref="FlushAsync"/> first.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is running already.</exception>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            var run = new Run(isForFlush: false, cancel);
            var current = Begin(run);
            if (current == run)
            {
                await CarryOutAsync(run);
                return;
            }

            if (!current.IsForFlush) throw new InvalidOperationException($"Sink '{_context.Config.Name}' is running already.");
            await current.Ended.WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    /// <summary>
    /// Completes when every record that is in the topics at the call, in the partitions that are this process's, is in a durable object. Works beside
    /// <see cref="RunAsync"/>, and by itself when that is not running or is cancelled meanwhile.
    /// </summary>
    /// <exception cref="SinkException">A partition could not be written; the message says which and why. Safe to call again.</exception>
    public async Task FlushAsync(CancellationToken cancel)
    {
        await _flush.WaitAsync(cancel);
        try
        {
            while (!await TryFlushAsync(cancel)) cancel.ThrowIfCancellationRequested();
        }
        finally
        {
            _flush.Release();
        }
    }

    public void Dispose()
    {
        foreach (var task in _tasks) task.Dispose();
        _discovery.Dispose();
        _flush.Dispose();
    }

    /// <summary>Makes the run the current one unless there is one; returns the current one.</summary>
    private Run Begin(Run run)
    {
        lock (_stateLock) return _run ??= run;
    }

    private async Task CarryOutAsync(Run run)
    {
        try
        {
            while (!run.Cancel.IsCancellationRequested) await DiscoverAndWaitAsync(run);
        }
        finally
        {
            await StopPartitionsAsync();
            lock (_stateLock) (_run, _state, _trace) = (null, SinkState.Unassigned, null);
            run.End();
        }
    }

    /// <summary>Flushes with the run there is, or one of its own; false when the run ended before all was written.</summary>
    private async Task<bool> TryFlushAsync(CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var own = new Run(isForFlush: true, stop.Token);
        var run = Begin(own);
        var carriedOut = run == own ? CarryOutAsync(own) : run.Ended;
        try
        {
            if (await TryFlushAsync(run, cancel)) return true;
        }
        finally
        {
            await stop.CancelAsync();
            if (run == own) await carriedOut;
        }

        await carriedOut.WaitAsync(cancel);
        return false;
    }

    private async Task<bool> TryFlushAsync(Run run, CancellationToken cancel)
    {
        await DiscoverAsync(run, cancel);
        List<Task> flushes;
        await _discovery.WaitAsync(cancel);
        try
        {
            // A run that stops lets its partitions go, and nothing to flush would look like all flushed.
            if (run.Cancel.IsCancellationRequested) return false;
            flushes = [.. _partitions.Select(p => FlushPartitionAsync(p.Value.Sink, p.Key.Partition, cancel))];
        }
        finally
        {
            _discovery.Release();
        }

        try
        {
            await Task.WhenAll(flushes);
            return true;
        }
        catch (SinkException) when (run.Cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task FlushPartitionAsync(PartitionSink sink, TopicPartition partition, CancellationToken cancel)
    {
        try
        {
            var offsets = await _context.Log.OffsetsAsync(partition, cancel);
            await sink.FlushAsync(offsets.End, cancel);
        }
        catch (UnknownTopicPartitionException)
        {
            // Deleted meanwhile: nothing of it is left to be written.
        }
    }

    private async Task DiscoverAndWaitAsync(Run run)
    {
        var cancel = run.Cancel;
        try
        {
            await DiscoverAsync(run, cancel);
            SetState(SinkState.Running, null);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            SetState(SinkState.Failed, e.Message);
            _context.Logger.LogError(e, "Sink {Sink}: topics cannot be listed, next try in {Wait}.", _context.Config.Name, SinkLimits.DiscoveryInterval);
        }

        await Task.Delay(SinkLimits.DiscoveryInterval, _context.Time, cancel)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    /// <summary>Starts the partitions that are new, stops those that are another's by now, and those of topics that are gone or were made anew.</summary>
    private async Task DiscoverAsync(Run run, CancellationToken cancel)
    {
        await _discovery.WaitAsync(cancel);
        try
        {
            var topics = await _context.Log.ListTopicsAsync(cancel);
            var taken = topics.Where(t => _context.Config.Topics.Takes(t.Name)).ToList();
            var owned = await _context.Log.OwnedPartitionsAsync([.. taken.Select(t => t.Name)], cancel);
            var wanted = taken.SelectMany(t => Enumerable.Range(0, t.PartitionCount).Select(p => (t.Id, Partition: new TopicPartition(t.Name, p))))
                .Where(w => owned?.Contains(w.Partition) != false)
                .ToHashSet();
            foreach (var gone in _partitions.Keys.Where(k => !wanted.Contains(k) || _partitions[k].Run.IsCompleted).ToList())
            {
                _partitions[gone].Sink.Release();
                await StopAsync(gone);
            }

            foreach (var partition in wanted.Where(w => !_partitions.ContainsKey(w))) Start(run, partition, isShared: owned is not null);
        }
        finally
        {
            _discovery.Release();
        }
    }

    private void Start(Run run, (Guid TopicId, TopicPartition Partition) key, bool isShared)
    {
        if (run.Cancel.IsCancellationRequested) return;
        var task = _tasks.MinBy(t => t.Count)!;
        var sink = new PartitionSink(_context, key.Partition, task, isShared);
        task.Add(sink);
        var stop = CancellationTokenSource.CreateLinkedTokenSource(run.Cancel);
        _partitions.Add(key, new RunningPartition(sink, task, stop, sink.RunAsync(stop.Token)));
    }

    private async Task StopAsync((Guid TopicId, TopicPartition Partition) key)
    {
        var running = _partitions[key];
        await running.Stop.CancelAsync();
        await running.Run;
        running.Stop.Dispose();
        running.Task.Remove(running.Sink);
        _partitions.Remove(key);
    }

    private async Task StopPartitionsAsync()
    {
        await _discovery.WaitAsync(CancellationToken.None);
        try
        {
            foreach (var key in _partitions.Keys.ToList()) await StopAsync(key);
        }
        finally
        {
            _discovery.Release();
        }
    }

    private void SetState(SinkState state, string? trace)
    {
        lock (_stateLock) (_state, _trace) = (state, trace);
    }

    private sealed record RunningPartition(PartitionSink Sink, SinkTask Task, CancellationTokenSource Stop, Task Run);

    /// <summary>One time of running, until cancelled: asked for, or for the length of a flush.</summary>
    private sealed class Run(bool isForFlush, CancellationToken cancel)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsForFlush => isForFlush;

        public CancellationToken Cancel => cancel;

        public Task Ended => _ended.Task;

        public void End() => _ended.SetResult();
    }
}

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
/// Progress is the offsets of group <see cref="SinkConfig.Group"/>; one sink of a name may run at a time.
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
    private int _running;
    private CancellationToken _runCancel;

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
        if (Interlocked.Exchange(ref _running, 1) == 1) throw new InvalidOperationException($"Sink '{_context.Config.Name}' is running already.");
        _runCancel = cancel;
        try
        {
            while (!cancel.IsCancellationRequested) await DiscoverAndWaitAsync(cancel);
        }
        finally
        {
            await StopPartitionsAsync();
            SetState(SinkState.Unassigned, null);
            Volatile.Write(ref _running, 0);
        }
    }

    /// <summary>
    /// Completes when every record that is in the topics at the call is in a durable object. Works beside
    /// <see cref="RunAsync"/>, and by itself when that is not running.
    /// </summary>
    /// <exception cref="SinkException">A partition could not be written; the message says which and why. Safe to call again.</exception>
    public async Task FlushAsync(CancellationToken cancel)
    {
        await _flush.WaitAsync(cancel);
        try
        {
            if (Volatile.Read(ref _running) == 1) await FlushRunningAsync(cancel);
            else await FlushAloneAsync(cancel);
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

    private async Task FlushAloneAsync(CancellationToken cancel)
    {
        using var own = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var run = RunAsync(own.Token);
        try
        {
            await FlushRunningAsync(cancel);
        }
        finally
        {
            await own.CancelAsync();
            await run;
        }
    }

    private async Task FlushRunningAsync(CancellationToken cancel)
    {
        await DiscoverAsync(cancel);
        List<PartitionSink> partitions;
        List<TopicPartition> names;
        await _discovery.WaitAsync(cancel);
        try
        {
            partitions = [.. _partitions.Values.Select(p => p.Sink)];
            names = [.. _partitions.Keys.Select(k => k.Partition)];
        }
        finally
        {
            _discovery.Release();
        }

        await Task.WhenAll(partitions.Zip(names, (sink, name) => FlushPartitionAsync(sink, name, cancel)));
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

    private async Task DiscoverAndWaitAsync(CancellationToken cancel)
    {
        try
        {
            await DiscoverAsync(cancel);
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

    /// <summary>Starts the partitions that are new, stops those of topics that are gone or were made anew.</summary>
    private async Task DiscoverAsync(CancellationToken cancel)
    {
        await _discovery.WaitAsync(cancel);
        try
        {
            var topics = await _context.Log.ListTopicsAsync(cancel);
            var wanted = topics.Where(t => _context.Config.Topics.Takes(t.Name))
                .SelectMany(t => Enumerable.Range(0, t.PartitionCount).Select(p => (t.Id, new TopicPartition(t.Name, p))))
                .ToHashSet();
            foreach (var gone in _partitions.Keys.Where(k => !wanted.Contains(k) || _partitions[k].Run.IsCompleted).ToList()) await StopAsync(gone);
            foreach (var partition in wanted.Where(w => !_partitions.ContainsKey(w))) Start(partition);
        }
        finally
        {
            _discovery.Release();
        }
    }

    private void Start((Guid TopicId, TopicPartition Partition) key)
    {
        if (_runCancel.IsCancellationRequested) return;
        var task = _tasks.MinBy(t => t.Count)!;
        var sink = new PartitionSink(_context, key.Partition, task);
        task.Add(sink);
        var stop = CancellationTokenSource.CreateLinkedTokenSource(_runCancel);
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
}

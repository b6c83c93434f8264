using System.Collections.Concurrent;
using Sluice.Log;

namespace Sluice.Testing.Watched;

/// <summary>A log whose every operation passes a hook, whose retention a test decides, and which tells when its reader sleeps.</summary>
public sealed class WatchedLog(ILog log, OperationHook hook) : ILog
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TopicPartition, List<long>> _sleepers = [];
    private readonly ConcurrentDictionary<TopicPartition, long> _starts = [];
    private TaskCompletionSource _sleepersChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Called with every commit before it is stored.</summary>
    public Func<CommittedOffset, Task> OnCommit { get; set; } = static _ => Task.CompletedTask;

    /// <summary>What every wait for records ends no earlier than, as in a log that acknowledges records before it tells of them.</summary>
    public Task News { get; set; } = Task.CompletedTask;

    /// <summary>Deletes what is before the offset, as retention does.</summary>
    public void RetainFrom(TopicPartition partition, long offset) => _starts[partition] = offset;

    /// <summary>Completes as soon as a reader of every one of the partitions sleeps at the end of it.</summary>
    public async Task AsleepAsync(params TopicPartition[] partitions)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (partitions.All(p => _sleepers.GetValueOrDefault(p) is { Count: > 0 })) return;
                changed = _sleepersChanged.Task;
            }

            await changed;
        }
    }

    /// <summary>Completes as soon as the partition's reader sleeps, waiting for the given offset.</summary>
    public async Task AsleepAfterAsync(TopicPartition partition, long offset)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_sleepers.GetValueOrDefault(partition) is [.., var last] && last == offset) return;
                changed = _sleepersChanged.Task;
            }

            await changed;
        }
    }

    public ValueTask<IReadOnlyList<TopicDescription>> ListTopicsAsync(CancellationToken cancel) =>
        hook.AroundAsync("list topics", () => log.ListTopicsAsync(cancel));

    public ValueTask<TopicDescription?> FindTopicAsync(string topic, CancellationToken cancel) =>
        hook.AroundAsync("find topic", () => log.FindTopicAsync(topic, cancel));

    public ValueTask<IReadOnlyList<PartitionDescription>> PartitionsAsync(string topic, CancellationToken cancel) => log.PartitionsAsync(topic, cancel);

    public ValueTask<TopicDescription> CreateTopicAsync(TopicSpec spec, CancellationToken cancel) =>
        hook.AroundAsync("create topic", () => log.CreateTopicAsync(spec, cancel));

    public ValueTask<bool> DeleteTopicAsync(string topic, CancellationToken cancel) => log.DeleteTopicAsync(topic, cancel);

    public ValueTask<AppendResult> AppendAsync(TopicPartition partition, ReadOnlyMemory<byte> recordBatch, CancellationToken cancel) =>
        hook.AroundAsync("append", () => log.AppendAsync(partition, recordBatch, cancel));

    public ValueTask<FetchedBatches> ReadAsync(TopicPartition partition, long offset, int bytesMax, CancellationToken cancel) =>
        hook.AroundAsync("read", async () =>
        {
            var offsets = await OffsetsOfAsync(partition, cancel);
            if (offset < offsets.Start) throw new OffsetOutOfRangeException(partition, offset, offsets);
            return await log.ReadAsync(partition, offset, bytesMax, cancel);
        });

    public ValueTask<PartitionOffsets> OffsetsAsync(TopicPartition partition, CancellationToken cancel) =>
        hook.AroundAsync("offsets", () => OffsetsOfAsync(partition, cancel));

    public ValueTask<long?> OffsetForTimestampAsync(TopicPartition partition, long timestampMs, CancellationToken cancel) =>
        log.OffsetForTimestampAsync(partition, timestampMs, cancel);

    public async ValueTask WaitForRecordsAsync(TopicPartition partition, long offset, CancellationToken cancel)
    {
        var wait = WaitForNewsAsync(partition, offset, cancel);
        if (wait.IsCompleted)
        {
            await wait;
            return;
        }

        ChangeSleepers(partition, sleepers => sleepers.Add(offset));
        try
        {
            await wait;
        }
        finally
        {
            ChangeSleepers(partition, sleepers => sleepers.Remove(offset));
        }
    }

    public ValueTask<IReadOnlySet<TopicPartition>?> OwnedPartitionsAsync(IReadOnlyCollection<string> topics, CancellationToken cancel) =>
        log.OwnedPartitionsAsync(topics, cancel);

    public ValueTask CommitOffsetsAsync(string group, IReadOnlyList<CommittedOffset> offsets, CancellationToken cancel) => new(
        hook.AroundAsync("commit", async () =>
        {
            foreach (var offset in offsets) await OnCommit(offset);
            await log.CommitOffsetsAsync(group, offsets, cancel);
            return true;
        }).AsTask());

    public ValueTask<IReadOnlyList<CommittedOffset>> CommittedOffsetsAsync(string group, CancellationToken cancel) =>
        hook.AroundAsync("committed", () => log.CommittedOffsetsAsync(group, cancel));

    public ValueTask KeepOffsetsAsync(IReadOnlyCollection<string> groups, CancellationToken cancel) => log.KeepOffsetsAsync(groups, cancel);

    public ValueTask DisposeAsync() => log.DisposeAsync();

    private async Task WaitForNewsAsync(TopicPartition partition, long offset, CancellationToken cancel)
    {
        await log.WaitForRecordsAsync(partition, offset, cancel);
        await News.WaitAsync(cancel);
    }

    private async ValueTask<PartitionOffsets> OffsetsOfAsync(TopicPartition partition, CancellationToken cancel)
    {
        var offsets = await log.OffsetsAsync(partition, cancel);
        return offsets with { Start = Math.Max(offsets.Start, _starts.GetValueOrDefault(partition)) };
    }

    private void ChangeSleepers(TopicPartition partition, Action<List<long>> change)
    {
        lock (_lock)
        {
            if (!_sleepers.TryGetValue(partition, out var sleepers)) _sleepers.Add(partition, sleepers = []);
            change(sleepers);
            _sleepersChanged.SetResult();
            _sleepersChanged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}

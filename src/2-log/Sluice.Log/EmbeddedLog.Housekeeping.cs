using Sluice.Log.Partitions;
using Sluice.Log.Topics;

namespace Sluice.Log;

public sealed partial class EmbeddedLog
{
    /// <summary>One round of every writer, on the caller's thread; only for a log opened without threads. False when nothing waited.</summary>
    internal bool RunRound()
    {
        var worked = false;
        foreach (var writer in _writers) worked |= writer.RunRound();
        return worked;
    }

    /// <summary>Rolls segments by age, applies retention to every partition, and deletes streams whose deletion is over.</summary>
    internal async Task MaintainAsync()
    {
        await OnWritersAsync(AllPartitions(), static writer => writer.Maintain());
        await DeleteGoneStreamsAsync();
    }

    /// <summary>Brings to disk what <see cref="Durability.Interval"/> left in memory.</summary>
    internal Task SyncAsync() => OnWritersAsync(AllPartitions(), static writer => writer.Sync());

    private void StartThreads()
    {
        for (var i = 0; i < _writers.Length; i++) _writers[i].Start($"log-writer-{i}");
        var retention = RepeatAsync(_options.RetentionCheckInterval, MaintainAsync);
        var sync = _options.Durability == Durability.Interval ? RepeatAsync(_options.SyncInterval, SyncAsync) : Task.CompletedTask;
        var compaction = RepeatAsync(_options.CompactionCheckInterval, () => Task.Run(CompactAsync));
        _housekeeping = Task.WhenAll(retention, sync, compaction);
    }

    private async Task RepeatAsync(TimeSpan period, Func<Task> work)
    {
        using var timer = new PeriodicTimer(period, _storage.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token)) await work();
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // The log is being closed, which ends the repetition.
            return;
        }
    }

    private async Task OnWritersAsync(LivePartition[] partitions, Action<PartitionWriter> work)
    {
        var done = new Task[partitions.Length];
        for (var i = 0; i < done.Length; i++) done[i] = partitions[i].Thread.PostAsync(partitions[i].Writer, work);
        if (!_threaded) RunRound();
        await Task.WhenAll(done);
    }
}

using System.Collections.Concurrent;
using Sluice.Tables;

namespace Sluice.Cleaning.Streaming;

/// <summary>
/// Merges the small files of one dataset's tables beside its commits, and deletes merged ones after the tables' retention. A commit
/// waits for it only when it falls far behind, which bounds the number of small files.
/// </summary>
internal sealed class BackgroundCompaction(TableCompactor compactor, DatasetTables tables, StreamOptions options) : IAsyncDisposable
{
    private readonly CancellationTokenSource _lifetime = new();
    private readonly ConcurrentQueue<Compaction> _clean = [];
    private Task _running = Task.CompletedTask;
    private int _commits;

    /// <summary>Called after each commit.</summary>
    /// <exception cref="Exception">The fault of the compaction that was running.</exception>
    public async ValueTask CommittedAsync()
    {
        if (!_running.IsCompleted && ++_commits < options.CommitsPerCompactionMax) return;
        await _running;
        _commits = 0;
        _running = Task.Run(RunAsync, _lifetime.Token);
    }

    /// <summary>Merges of the clean table since the last call.</summary>
    public IEnumerable<Compaction> TakeClean()
    {
        while (_clean.TryDequeue(out var compaction)) yield return compaction;
    }

    public async ValueTask DisposeAsync()
    {
        await _lifetime.CancelAsync();
        // Its fault, if any, is of no interest any more: nothing of it counts, and whoever opens the tables again meets it again.
        await _running.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _lifetime.Dispose();
    }

    private async Task RunAsync()
    {
        foreach (var compaction in await compactor.CompactAsync(tables.Clean, _lifetime.Token)) _clean.Enqueue(compaction);
        await compactor.CompactAsync(tables.Quarantine, _lifetime.Token);
        await compactor.CompactAsync(tables.Duplicates, _lifetime.Token);
        foreach (var table in new[] { tables.Clean, tables.Quarantine, tables.Duplicates }) await table.DeleteExpiredAsync(_lifetime.Token);
    }
}

using Sluice.Log;
using Sluice.Objects;

namespace Sluice.Sink;

/// <summary>
/// A group of partitions that take turns with one writer: at any time one of them reads or writes, so memory is bounded by
/// tasks.max, however many partitions there are.
/// </summary>
internal sealed class SinkTask(int id, ILog log, IObjectStore objects, SinkConfig config) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<PartitionSink> _partitions = [];

    public int Count
    {
        get
        {
            lock (_lock) return _partitions.Count;
        }
    }

    /// <summary>Held by the partition whose turn it is.</summary>
    public SemaphoreSlim Turn { get; } = new(1, 1);

    public ObjectWriter Writer { get; } = new(log, objects, config);

    public void Add(PartitionSink partition)
    {
        lock (_lock) _partitions.Add(partition);
    }

    public void Remove(PartitionSink partition)
    {
        lock (_lock) _partitions.Remove(partition);
    }

    public SinkTaskStatus Status()
    {
        lock (_lock)
        {
            var partitions = _partitions.Select(p => p.Status()).OrderBy(p => p.Partition.Topic, StringComparer.Ordinal)
                .ThenBy(p => p.Partition.Partition).ToList();
            var failed = partitions.Find(p => p.State == SinkState.Failed);
            var state = partitions.Count == 0 ? SinkState.Unassigned : failed is null ? SinkState.Running : SinkState.Failed;
            return new SinkTaskStatus(id, state, failed?.Trace, partitions);
        }
    }

    public void Dispose() => Turn.Dispose();
}

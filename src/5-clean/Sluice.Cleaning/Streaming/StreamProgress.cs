using Sluice.Cleaning.Judging;
using Sluice.Cleaning.Raw;

namespace Sluice.Cleaning.Streaming;

/// <summary>What a dataset's stream job has done and how it is doing, for those who look from other threads.</summary>
internal sealed class StreamProgress(CleaningTarget target)
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<int, long> _positions = [];
    private Verdicts _sum;
    private int _commits;
    private DateTimeOffset? _lastCommit;
    private StreamJobState _state;
    private string? _reason;
    private IProgress<StreamJobStatus>? _watcher;

    public IReadOnlyList<CleanPosition> Positions
    {
        get
        {
            lock (_lock) return [.. _positions.Select(position => new CleanPosition(target.Topic, position.Key, position.Value))];
        }
    }

    public StreamJobStatus Status
    {
        get
        {
            lock (_lock)
            {
                return new StreamJobStatus(
                    target.Dataset.Name, target.Topic, _state, _reason, _sum.Records, _sum.Clean,
                    _sum.Quarantined, _sum.Duplicates, _commits, _lastCommit, Positions) { Dropped = _sum.Dropped };
            }
        }
    }

    /// <summary>Tells the watcher of every commit and every change of state from here on.</summary>
    public void Watch(IProgress<StreamJobStatus>? watcher) => _watcher = watcher;

    public void Become(StreamJobState state, string? reason = null)
    {
        lock (_lock)
        {
            if (_state == state && _reason == reason) return;
            (_state, _reason) = (state, reason);
        }

        _watcher?.Report(Status);
    }

    /// <summary>The positions are those of the table.</summary>
    public void Start(IEnumerable<CleanPosition> positions)
    {
        lock (_lock)
        {
            _positions.Clear();
            foreach (var position in positions) _positions[position.Partition] = position.Next;
        }
    }

    public void Add(RawBatch batch, Verdicts verdicts, DateTimeOffset now)
    {
        lock (_lock)
        {
            _commits++;
            _lastCommit = now;
            _sum += verdicts;
            foreach (var (partition, reached) in batch.Reached) _positions[partition] = reached.Next;
        }

        _watcher?.Report(Status);
    }
}

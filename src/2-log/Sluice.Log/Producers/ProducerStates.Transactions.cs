using Sluice.Log.Transactions;

namespace Sluice.Log.Producers;

internal sealed partial class ProducerStates
{
    // First offsets of the open transactions, which begin in the order of their offsets.
    private readonly SortedDictionary<long, long> _open = [];

    /// <summary>The aborted transactions whose markers lie in the open segment.</summary>
    public SegmentAborts Aborted { get; private set; } = new([]);

    /// <summary>The first offset of the open transactions; the end where none is open.</summary>
    public long LastStable(long end)
    {
        foreach (var (first, _) in _open) return first;
        return end;
    }

    /// <summary>
    /// Whether a marker has to be written. One that finds no open transaction and no older epoch ends nothing: it is a marker that comes
    /// again, and is answered as written.
    /// </summary>
    public AppendError Check(in TransactionMarker marker, out bool isNeeded)
    {
        isNeeded = false;
        if (!_producers.TryGetValue(marker.ProducerId, out var producer))
        {
            // It keeps out batches of older epochs that are still on their way.
            isNeeded = true;
            return AppendError.None;
        }

        if (marker.Epoch < producer.Epoch) return AppendError.FencedProducer;
        isNeeded = producer.OpenFrom is not null || marker.Epoch > producer.Epoch;
        return AppendError.None;
    }

    /// <summary>Notes a marker that was given its place.</summary>
    public void End(in TransactionMarker marker, long offset, long nowMs)
    {
        var producer = FindOrAdd(marker.ProducerId, marker.Epoch);
        if (producer.OpenFrom is { } first)
        {
            producer.OpenFrom = null;
            _open.Remove(first);
            if (!marker.IsCommit) Aborted.Add(new AbortedTransaction(marker.ProducerId, first, offset, LastStable(offset + 1)));
        }

        producer.CoordinatorEpoch = marker.CoordinatorEpoch;
        producer.Touch(marker.Epoch, nowMs);
        _changed = true;
    }

    /// <summary>The segment was sealed with its aborted transactions in its file; those behind the offset belong to the next one.</summary>
    public void BeginSegment(long baseOffset) => Aborted = new SegmentAborts(Aborted.ToArray().Where(a => a.LastOffset >= baseOffset));

    /// <summary>The producers as they are, in the order of their ids.</summary>
    public ActiveProducer[] Describe() =>
    [
        .. _producers.OrderBy(p => p.Key).Select(p => new ActiveProducer(
            p.Key,
            p.Value.Epoch,
            p.Value.Batches.Count == 0 ? -1 : p.Value.Batches[^1].LastSequence,
            p.Value.LastAppendMs,
            p.Value.CoordinatorEpoch,
            p.Value.OpenFrom)),
    ];

    /// <summary>The producers with an open transaction, in the order of its first offset.</summary>
    public IEnumerable<(long ProducerId, short Epoch, long FirstOffset)> Open() => _open.Select(o => (o.Value, _producers[o.Value].Epoch, o.Key));

    private void Extend(long producerId, ProducerState producer, long baseOffset)
    {
        if (producer.OpenFrom is not null) return;
        _open.Add(baseOffset, producerId);
        producer.OpenFrom = baseOffset;
    }
}

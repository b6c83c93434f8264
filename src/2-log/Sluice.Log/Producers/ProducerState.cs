using Sluice.Log.Records;

namespace Sluice.Log.Producers;

/// <summary>What a partition remembers of one idempotent producer: its epoch, its last batches and its open transaction.</summary>
internal sealed class ProducerState(short epoch)
{
    /// <summary>
    /// Batches remembered: 5, as many as Kafka remembers, because a producer that wants its order kept has at most five requests in
    /// flight, so only these can come again.
    /// </summary>
    public const int BatchesMax = 5;

    private readonly List<ProducedBatch> _batches = new(BatchesMax);

    public short Epoch { get; private set; } = epoch;

    /// <summary>The time of the last append, ms since the epoch.</summary>
    public long LastAppendMs { get; private set; }

    /// <summary>Oldest first; empty after a marker of a new epoch.</summary>
    public IReadOnlyList<ProducedBatch> Batches => _batches;

    /// <summary>The first offset of the open transaction in the partition; null when there is none.</summary>
    public long? OpenFrom { get; set; }

    /// <summary>Epoch of the coordinator that wrote the last marker; -1 before the first.</summary>
    public int CoordinatorEpoch { get; set; } = -1;

    /// <summary>The first offset of the batch with these sequence numbers; null when it is none of those remembered.</summary>
    public long? Find(int firstSequence, int lastSequence)
    {
        foreach (var batch in _batches)
        {
            if (batch.FirstSequence == firstSequence && batch.LastSequence == lastSequence) return batch.BaseOffset;
        }

        return null;
    }

    /// <summary>The sequence number that has to come next: 0 where no batch is remembered.</summary>
    public int NextSequence => _batches.Count == 0 ? 0 : ProducerStamp.Advance(_batches[^1].LastSequence, 1);

    public void Add(short epoch, ProducedBatch batch, long nowMs)
    {
        Touch(epoch, nowMs);
        if (_batches.Count == BatchesMax) _batches.RemoveAt(0);
        _batches.Add(batch);
    }

    /// <summary>Was heard of, in an epoch whose sequence begins anew when it is another one.</summary>
    public void Touch(short epoch, long nowMs)
    {
        if (epoch != Epoch) _batches.Clear();
        Epoch = epoch;
        LastAppendMs = nowMs;
    }
}

/// <summary>A batch by its sequence numbers, and where it lies.</summary>
internal readonly record struct ProducedBatch(int FirstSequence, int LastSequence, long BaseOffset);

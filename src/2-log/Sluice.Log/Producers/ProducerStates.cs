using Sluice.Log.Records;

namespace Sluice.Log.Producers;

/// <summary>
/// The idempotent and transactional producers of a partition. Decides whether a batch continues its producer's sequence, is a copy of one
/// that is stored, or leaves a gap, and which transactions are open or were aborted (KIP-98). Kept beside the segments in the file
/// <c>producers</c>, so the answer is the same after a crash; the batches behind that file are read again.
/// </summary>
/// <remarks>Used by the recovery, then by the writer's thread only.</remarks>
internal sealed partial class ProducerStates(LogLimits limits)
{
    private readonly Dictionary<long, ProducerState> _producers = [];
    private bool _changed;

    /// <summary>Whether a batch may be appended; for a copy of one that is stored, no error and the offset of that one.</summary>
    public AppendError Check(in CheckedBatch batch, out long? storedAt)
    {
        storedAt = null;
        var stamp = batch.Producer;
        if (stamp.Epoch < 0 || stamp.FirstSequence < 0) return AppendError.CorruptMessage;
        // Of a producer unknown here, or forgotten, any sequence is taken as the first, as Kafka does since 2.4.
        if (!_producers.TryGetValue(stamp.Id, out var producer)) return AppendError.None;
        if (stamp.Epoch < producer.Epoch) return AppendError.FencedProducer;
        // Only its marker ends a transaction; that of a new epoch comes before the first batch of that epoch.
        var isOutside = producer.OpenFrom is not null && (!batch.IsTransactional || stamp.Epoch != producer.Epoch);
        if (stamp.Epoch > producer.Epoch)
        {
            if (stamp.FirstSequence != 0) return AppendError.OutOfOrderSequence;
            return isOutside ? AppendError.InvalidTransactionState : AppendError.None;
        }

        storedAt = producer.Find(stamp.FirstSequence, ProducerStamp.Advance(stamp.FirstSequence, batch.LastOffsetDelta));
        if (storedAt is not null) return AppendError.None;
        if (stamp.FirstSequence != producer.NextSequence) return AppendError.OutOfOrderSequence;
        return isOutside ? AppendError.InvalidTransactionState : AppendError.None;
    }

    /// <summary>Notes a batch that was given its place.</summary>
    public void Add(in CheckedBatch batch, long baseOffset, long nowMs)
    {
        var stamp = batch.Producer;
        var producer = FindOrAdd(stamp.Id, stamp.Epoch);
        var last = ProducerStamp.Advance(stamp.FirstSequence, batch.LastOffsetDelta);
        producer.Add(stamp.Epoch, new ProducedBatch(stamp.FirstSequence, last, baseOffset), nowMs);
        if (batch.IsTransactional) Extend(stamp.Id, producer, baseOffset);
        _changed = true;
    }

    /// <summary>Notes a batch that was found in the segment, unless the file had it.</summary>
    public void Replay(in RecordBatchHeader header, ReadOnlySpan<byte> batch, long nowMs)
    {
        if (header.BaseOffset < CoveredTo) return;
        if (header.IsControl)
        {
            if (TransactionMarker.Read(batch) is { } marker) End(marker, header.BaseOffset, nowMs);
            return;
        }

        var stamp = ProducerStamp.Read(batch);
        if (!stamp.IsIdempotent) return;
        Add(new CheckedBatch(header.LastOffsetDelta, header.MaxTimestampMs, false, stamp, header.IsTransactional), header.BaseOffset, nowMs);
    }

    /// <summary>Forgets producers that have been silent for long; one with an open transaction waits for its marker.</summary>
    public void Expire(long nowMs)
    {
        var oldestMs = nowMs - (long)limits.ProducerSilenceMax.TotalMilliseconds;
        foreach (var (id, producer) in _producers)
        {
            if (producer.LastAppendMs >= oldestMs || producer.OpenFrom is not null) continue;
            _producers.Remove(id);
            _changed = true;
        }
    }

    private ProducerState FindOrAdd(long id, short epoch)
    {
        if (_producers.TryGetValue(id, out var producer)) return producer;
        if (_producers.Count >= limits.ProducersPerPartitionMax) ForgetOldest();
        _producers.Add(id, producer = new ProducerState(epoch));
        return producer;
    }

    /// <summary>
    /// Makes room in one go for many, so that a flood of producers does not search the oldest for each of them. Those with an open
    /// transaction stay; the coordinator of transactions bounds their number.
    /// </summary>
    private void ForgetOldest()
    {
        var forgotten = _producers.Where(p => p.Value.OpenFrom is null).OrderBy(p => p.Value.LastAppendMs)
            .Take(Math.Max(1, _producers.Count / 10)).Select(p => p.Key).ToArray();
        foreach (var id in forgotten) _producers.Remove(id);
    }
}

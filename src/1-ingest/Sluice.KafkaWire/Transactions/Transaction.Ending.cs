using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Transactions;

internal sealed partial class Transaction
{
    // Room for the epoch that shuts out a producer whose transaction is aborted, and for the one that its successor gets.
    private const short EpochMax = short.MaxValue - 2;

    /// <summary>The next producer of the id, see <see cref="TransactionCoordinator.InitAsync"/>; null when the id was forgotten meanwhile.</summary>
    public async ValueTask<ProducerGrant?> InitAsync(int timeoutMs, (long Id, short Epoch)? known, ProducerIds producerIds)
    {
        using var turn = await TakeTurnAsync();
        if (_isForgotten) return null;
        if (known is { } producer && !IsOrWas(producer)) return new ProducerGrant(KafkaError.ProducerFenced);
        // The one that asks again because the answer was lost, or whose transaction was aborted behind its back.
        var isRepeated = known is { } k && k.Epoch != _record.Epoch;
        if (_record.Status == TransactionStatus.Ongoing) await DecideAsync(isCommit: false, isFenced: true, known?.Epoch ?? -1);
        if (IsDecided(_record.Status) && !await CompleteAsync()) return new ProducerGrant(KafkaError.ConcurrentTransactions);
        var isNew = _record.ProducerId < 0 || _record.Epoch >= EpochMax;
        var record = _record with
        {
            ProducerId = isNew ? producerIds.Next() : _record.ProducerId,
            Epoch = isNew ? (short)0 : isRepeated ? _record.Epoch : (short)(_record.Epoch + 1),
            LastEpoch = isNew ? (short)-1 : known?.Epoch ?? -1,
            TimeoutMs = timeoutMs,
            Status = TransactionStatus.Empty,
            StartedMs = -1,
            ChangedMs = NowMs,
        };
        await _log.SaveTransactionAsync(record, [], [], []);
        lock (_lock) _record = record;
        return new ProducerGrant(KafkaError.None, record.ProducerId, record.Epoch);
    }

    /// <summary>
    /// Commits or aborts. When this returns without an error the decision is on disk, and the markers and offsets are too unless a
    /// partition's storage failed: then they follow at the next start.
    /// </summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public async ValueTask<KafkaError> EndAsync(long producerId, short epoch, bool isCommit)
    {
        using var turn = await TakeTurnAsync();
        var error = CheckProducer(producerId, epoch);
        if (error != KafkaError.None) return error;
        switch (_record.Status)
        {
            case TransactionStatus.Ongoing:
                await DecideAsync(isCommit, isFenced: false, _record.LastEpoch);
                await CompleteAsync();
                return KafkaError.None;
            case TransactionStatus.PrepareCommit when isCommit:
            case TransactionStatus.PrepareAbort when !isCommit:
                return await CompleteAsync() ? KafkaError.None : KafkaError.ConcurrentTransactions;
            case TransactionStatus.CompleteCommit when isCommit:
            case TransactionStatus.CompleteAbort when !isCommit:
                // The answer to the first request was lost.
                return KafkaError.None;
            default:
                return KafkaError.InvalidTxnState;
        }
    }

    /// <summary>Completes what was decided; nothing to do otherwise.</summary>
    public async ValueTask TryCompleteAsync()
    {
        using var turn = await TakeTurnAsync();
        if (IsDecided(_record.Status)) await CompleteAsync();
    }

    /// <summary>
    /// Aborts the transaction when it was open for longer than its timeout; its producer is shut out by a new epoch, and may ask for that
    /// epoch with the old one.
    /// </summary>
    /// <returns>What was aborted; null when nothing was.</returns>
    public async ValueTask<TransactionRecord?> TryExpireAsync()
    {
        using var turn = await TakeTurnAsync();
        if (IsDecided(_record.Status)) await CompleteAsync();
        if (_record.Status != TransactionStatus.Ongoing || NowMs - _record.StartedMs < _record.TimeoutMs) return null;
        await DecideAsync(isCommit: false, isFenced: true, _record.Epoch);
        await CompleteAsync();
        return _record;
    }

    /// <summary>
    /// Aborts the transaction, when it is open, because it has lost a partition that its producer wrote to: committed, it would be without
    /// those records. The producer is shut out as by <see cref="TryExpireAsync"/>.
    /// </summary>
    public async ValueTask AbortIncompleteAsync()
    {
        using var turn = await TakeTurnAsync();
        if (_record.Status != TransactionStatus.Ongoing) return;
        await DecideAsync(isCommit: false, isFenced: true, _record.Epoch);
        await CompleteAsync();
    }

    /// <summary>
    /// Takes the turn of an id that has been without a transaction for so long, so that it can be forgotten; <see cref="Release"/> has to
    /// follow. False when it is in use, which is not waited for: who holds others must not.
    /// </summary>
    public bool TryHoldIdle(TimeSpan idle)
    {
        if (!_turn.Wait(0)) return false;
        if (!_isForgotten && !IsUnderWay && NowMs - _record.ChangedMs >= idle.TotalMilliseconds) return true;
        _turn.Release();
        return false;
    }

    /// <summary>The id that is held is known no more: who still waits for its turn is told so.</summary>
    public void Forget()
    {
        lock (_lock) _isForgotten = true;
    }

    public void Release() => _turn.Release();

    /// <summary>Whether it is the producer of now, or the one before it that may go on.</summary>
    private bool IsOrWas((long Id, short Epoch) producer) =>
        producer.Id == _record.ProducerId && (producer.Epoch == _record.Epoch || (producer.Epoch >= 0 && producer.Epoch == _record.LastEpoch));

    /// <summary>Stores how the transaction ends. From before that on no batch of it is taken.</summary>
    private async ValueTask DecideAsync(bool isCommit, bool isFenced, short lastEpoch)
    {
        lock (_lock) _isEnding = true;
        try
        {
            var record = _record with
            {
                Status = isCommit ? TransactionStatus.PrepareCommit : TransactionStatus.PrepareAbort,
                Epoch = isFenced ? (short)(_record.Epoch + 1) : _record.Epoch,
                LastEpoch = lastEpoch,
                ChangedMs = NowMs,
            };
            await _log.SaveTransactionAsync(record, [], [], []);
            lock (_lock) _record = record;
        }
        finally
        {
            lock (_lock) _isEnding = false;
        }
    }

    /// <summary>Writes the markers, then stores that the transaction is over, with its offsets when it was committed.</summary>
    /// <returns>False when a partition's storage failed; it is tried again later.</returns>
    private async ValueTask<bool> CompleteAsync()
    {
        var isCommit = _record.Status == TransactionStatus.PrepareCommit;
        var marker = new TransactionMarker(_record.ProducerId, _record.Epoch, isCommit);
        TransactionPartition[] partitions;
        lock (_lock) partitions = [.. _partitions.Select(p => new TransactionPartition(p.Key, p.Value))];
        var written = await Task.WhenAll(partitions.Select(partition => _markers.WriteAsync(partition, marker)));
        if (!written.All(w => w)) return false;
        var record = _record with { Status = isCommit ? TransactionStatus.CompleteCommit : TransactionStatus.CompleteAbort, ChangedMs = NowMs };
        await _log.CompleteTransactionAsync(record);
        lock (_lock)
        {
            _record = record;
            _partitions.Clear();
            _groups.Clear();
            _offsets.Clear();
        }

        return true;
    }
}

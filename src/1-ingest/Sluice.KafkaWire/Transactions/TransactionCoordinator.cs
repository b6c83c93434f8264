using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Transactions;

/// <summary>
/// The transactions of all producers (KIP-98). Their state is in the log's metadata: each change is on disk before its effect, so a
/// transaction that was decided is completed after a crash, and one that was not is aborted when its time is over.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle nobody asks for holds nothing to dispose.")]
internal sealed partial class TransactionCoordinator
{
    private readonly ConcurrentDictionary<string, Transaction> _byId = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _makingRoom = new(1);
    private readonly EmbeddedLog _log;
    private readonly KafkaLimits _limits;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public TransactionCoordinator(EmbeddedLog log, KafkaLimits limits, TimeProvider time, ILogger logger)
    {
        (_log, _limits, _time, _logger) = (log, limits, time, logger);
        ProducerIds = new ProducerIds(log);
        foreach (var stored in log.StoredTransactions()) _byId[stored.Record.Id] = new Transaction(stored, log, limits, time);
    }

    /// <summary>Where ids for producers come from.</summary>
    public ProducerIds ProducerIds { get; }

    /// <summary>The transactional ids that are known, in no order.</summary>
    public IEnumerable<Transaction> All => _byId.Values;

    /// <summary>The transaction of an id; null when the id is not known.</summary>
    public Transaction? Find(string transactionalId) => _byId.GetValueOrDefault(transactionalId);

    /// <summary>
    /// Gives a transactional producer its id and a new epoch, which shuts out everyone with an older one. What its predecessor left open
    /// is aborted before this returns.
    /// </summary>
    /// <param name="known">Id and epoch that the producer has and wants to go on with (KIP-360); null for one that has none.</param>
    /// <exception cref="IOException">The metadata could not be changed.</exception>
    public async ValueTask<ProducerGrant> InitAsync(string transactionalId, int timeoutMs, (long Id, short Epoch)? known)
    {
        if (transactionalId.Length == 0) return new ProducerGrant(KafkaError.InvalidRequest);
        if (timeoutMs <= 0 || timeoutMs > _limits.TransactionTimeoutMax.TotalMilliseconds) return new ProducerGrant(KafkaError.InvalidTransactionTimeout);
        while (true)
        {
            if (!_byId.TryGetValue(transactionalId, out var transaction))
            {
                // Nobody has this id: what a client brings is made up (some bring 0 and 0), and it gets its own, as in Kafka.
                known = null;
                if (_byId.Count >= _limits.TransactionalIdsMax) await MakeRoomAsync();
                if (_byId.Count >= _limits.TransactionalIdsMax) return new ProducerGrant(KafkaError.CoordinatorNotAvailable);
                transaction = _byId.GetOrAdd(transactionalId, id => new Transaction(Transaction.NewOf(id), _log, _limits, _time));
            }

            // One that was forgotten between the look-up and its turn is made anew.
            if (await transaction.InitAsync(timeoutMs, known, ProducerIds) is { } grant) return grant;
        }
    }

    /// <summary>The partitions that open transactions hold an offset of a group for: the committed one may be about to change.</summary>
    public IReadOnlySet<TopicPartition> PendingOffsets(string group)
    {
        var pending = new HashSet<TopicPartition>();
        foreach (var (_, transaction) in _byId) transaction.AddPendingOffsets(group, pending);
        return pending;
    }

    /// <summary>
    /// Completes the transactions that were decided when the process ended, and aborts those that are open in a partition and in no
    /// transaction that is stored: nobody else would ever end them, and readers of committed records would wait before them for ever.
    /// </summary>
    /// <exception cref="IOException">The metadata could not be changed.</exception>
    public async Task ResumeAsync()
    {
        foreach (var transaction in _byId.Values) await transaction.TryCompleteAsync();
        var open = await _log.OpenTransactionsAsync();
        if (open.Count == 0) return;
        var byProducer = _byId.Values.ToLookup(t => t.Record.ProducerId);
        var markers = new MarkerWriter(_log, _limits, _time);
        foreach (var orphan in open.Where(o => !byProducer[o.ProducerId].Any(t => t.Claims(o.Partition))))
        {
            foreach (var owner in byProducer[orphan.ProducerId]) await owner.AbortIncompleteAsync();
            var isEnded = await markers.WriteAsync(orphan.Partition, new TransactionMarker(orphan.ProducerId, orphan.Epoch, IsCommit: false));
            if (isEnded) Orphaned(_logger, orphan.Partition.Partition, orphan.FirstOffset, orphan.ProducerId);
            else NotEnded(_logger, orphan.Partition.Partition, orphan.FirstOffset, orphan.ProducerId);
        }
    }

    /// <summary>Aborts transactions whose time is over, completes what could not be completed at once, and forgets ids that are not used.</summary>
    public async Task CheckAsync()
    {
        foreach (var transaction in _byId.Values)
        {
            try
            {
                if (await transaction.TryExpireAsync() is { } expired) TimedOut(_logger, expired.Id, expired.TimeoutMs);
            }
            catch (IOException fault)
            {
                // The metadata refused the change; nothing has changed, and the next check tries again.
                NotChanged(_logger, fault, transaction.Id);
            }
        }

        try
        {
            await ForgetAsync(_byId.Values, _limits.TransactionalIdIdleMax);
        }
        catch (IOException fault)
        {
            // All of them are still known, and the next check tries again.
            NotForgotten(_logger, fault);
        }
    }

    /// <summary>Checks from time to time until it is told to end.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(_limits.TransactionCheckInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop)) await CheckAsync();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The broker stops; what is open is looked at again at its next start.
            return;
        }
    }

    /// <summary>Forgets a tenth of the ids, those that were used longest ago, so that the next ones find room at once.</summary>
    private async ValueTask MakeRoomAsync()
    {
        // Of all that come at the bound together, only the first has to.
        await _makingRoom.WaitAsync();
        try
        {
            if (_byId.Count < _limits.TransactionalIdsMax) return;
            var oldest = _byId.Values.Where(t => !t.IsUnderWay).OrderBy(t => t.Record.ChangedMs).Take(Math.Max(1, _limits.TransactionalIdsMax / 10));
            await ForgetAsync(oldest, TimeSpan.Zero);
        }
        finally
        {
            _makingRoom.Release();
        }
    }

    /// <summary>Forgets those of the ids that were without a transaction for so long, in one change of the metadata.</summary>
    private async ValueTask ForgetAsync(IEnumerable<Transaction> transactions, TimeSpan idle)
    {
        var held = transactions.Where(t => t.TryHoldIdle(idle)).ToList();
        try
        {
            if (held.Count == 0) return;
            await _log.DeleteTransactionsAsync([.. held.Select(t => t.Id)]);
            foreach (var transaction in held)
            {
                transaction.Forget();
                // Not by the id alone, which may have a new transaction by then.
                _byId.TryRemove(KeyValuePair.Create(transaction.Id, transaction));
            }
        }
        finally
        {
            foreach (var transaction in held) transaction.Release();
        }
    }

    [LoggerMessage(510, LogLevel.Warning, "The transaction of '{Id}' was open for more than its {TimeoutMs} ms and is aborted")]
    private static partial void TimedOut(ILogger logger, string id, int timeoutMs);

    [LoggerMessage(511, LogLevel.Error, "The transaction of '{Id}' could not be ended; it is tried again")]
    private static partial void NotChanged(ILogger logger, Exception fault, string id);

    [LoggerMessage(512, LogLevel.Error, "Transactional ids that nobody uses could not be forgotten; it is tried again")]
    private static partial void NotForgotten(ILogger logger, Exception fault);

    [LoggerMessage(513, LogLevel.Warning, "A transaction of producer {ProducerId} that nobody knows was open in {Partition} from offset {Offset} on, and is aborted")]
    private static partial void Orphaned(ILogger logger, TopicPartition partition, long offset, long producerId);

    [LoggerMessage(514, LogLevel.Error, "A transaction of producer {ProducerId} that nobody knows stays open in {Partition} from offset {Offset} on: its storage failed")]
    private static partial void NotEnded(ILogger logger, TopicPartition partition, long offset, long producerId);
}

/// <summary>The id and epoch that a producer writes with, or why it gets none.</summary>
internal readonly record struct ProducerGrant(KafkaError Error, long ProducerId = -1, short Epoch = -1);

using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Transactions;

/// <summary>
/// The transactions of all producers (KIP-98). Their state is in the log's metadata: each change is on disk before its effect, so a
/// transaction that was decided is completed after a crash, and one that was not is aborted when its time is over.
/// </summary>
internal sealed partial class TransactionCoordinator
{
    private readonly ConcurrentDictionary<string, Transaction> _byId = new(StringComparer.Ordinal);
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
                if (_byId.Count >= _limits.TransactionalIdsMax) await ForgetIdleAsync(TimeSpan.Zero);
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

    /// <summary>Completes the transactions that were decided when the process ended.</summary>
    /// <exception cref="IOException">The metadata could not be changed.</exception>
    public async Task ResumeAsync()
    {
        foreach (var transaction in _byId.Values) await transaction.TryCompleteAsync();
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

        await ForgetIdleAsync(_limits.TransactionalIdIdleMax);
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

    private async ValueTask ForgetIdleAsync(TimeSpan idleMax)
    {
        foreach (var transaction in _byId.Values)
        {
            if (await transaction.TryForgetAsync(idleMax)) _byId.TryRemove(transaction.Id, out _);
        }
    }

    [LoggerMessage(510, LogLevel.Warning, "The transaction of '{Id}' was open for more than its {TimeoutMs} ms and is aborted")]
    private static partial void TimedOut(ILogger logger, string id, int timeoutMs);

    [LoggerMessage(511, LogLevel.Error, "The transaction of '{Id}' could not be ended; it is tried again")]
    private static partial void NotChanged(ILogger logger, Exception fault, string id);
}

/// <summary>The id and epoch that a producer writes with, or why it gets none.</summary>
internal readonly record struct ProducerGrant(KafkaError Error, long ProducerId = -1, short Epoch = -1);

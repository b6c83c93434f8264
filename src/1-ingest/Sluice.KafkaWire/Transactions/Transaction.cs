using System.Diagnostics.CodeAnalysis;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Transactions;

/// <summary>
/// The transaction of one transactional id. Changes take turns, and each is stored before anyone sees it; appends only look, under a lock
/// that an ending takes first, so no batch can come behind the marker of its transaction.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle nobody asks for holds nothing to dispose.")]
internal sealed partial class Transaction
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _lock = new();
    // With the ids of their topics: one that takes the name of a topic that was deleted is not part of the transaction.
    private readonly Dictionary<TopicPartition, Guid> _partitions;
    private readonly HashSet<string> _groups;
    private readonly Dictionary<(string Group, TopicPartition Partition), CommittedOffset> _offsets;
    private readonly EmbeddedLog _log;
    private readonly MarkerWriter _markers;
    private readonly KafkaLimits _limits;
    private readonly TimeProvider _time;
    private TransactionRecord _record;
    private bool _isEnding;
    private bool _isForgotten;

    public Transaction(StoredTransaction stored, EmbeddedLog log, KafkaLimits limits, TimeProvider time)
    {
        (_record, _log, _limits, _time) = (stored.Record, log, limits, time);
        _markers = new MarkerWriter(log, limits, time);
        _partitions = stored.Partitions.ToDictionary(p => p.Partition, p => p.TopicId);
        _groups = new HashSet<string>(stored.Groups, StringComparer.Ordinal);
        _offsets = stored.Offsets.ToDictionary(o => (o.Group, o.Offset.Partition), o => o.Offset);
    }

    public string Id => _record.Id;

    public TransactionRecord Record => Volatile.Read(ref _record);

    /// <summary>The partitions of the transaction, in order.</summary>
    public TopicPartition[] Partitions
    {
        get
        {
            lock (_lock) return [.. _partitions.Keys.OrderBy(p => p.Topic, StringComparer.Ordinal).ThenBy(p => p.Partition)];
        }
    }

    /// <summary>Whether it is open, or decided and not complete.</summary>
    public bool IsUnderWay => Record.Status is TransactionStatus.Ongoing or TransactionStatus.PrepareCommit or TransactionStatus.PrepareAbort;

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>An id that nobody has used: it has no producer.</summary>
    public static StoredTransaction NewOf(string id) =>
        new(new TransactionRecord(id, -1, -1, -1, 0, TransactionStatus.Empty, -1, 0), [], [], []);

    /// <summary>Adds the partitions that the transaction holds an offset of the group for.</summary>
    public void AddPendingOffsets(string group, ISet<TopicPartition> pending)
    {
        lock (_lock)
        {
            if (!_groups.Contains(group)) return;
            foreach (var (of, partition) in _offsets.Keys)
            {
                if (of == group) pending.Add(partition);
            }
        }
    }

    /// <summary>Whether the transaction is open, or decided and not complete, and has this partition.</summary>
    public bool Claims(TransactionPartition partition)
    {
        lock (_lock) return IsUnderWay && Has(partition);
    }

    /// <summary>
    /// Queues a batch of the transaction, unless its producer may not write it. A topic that has taken the name since the partition was added is
    /// not part of it.
    /// </summary>
    public KafkaError Append(long producerId, short epoch, TopicPartition partition, in CheckedAppend batch, out ValueTask<AppendResult> result)
    {
        result = default;
        lock (_lock)
        {
            var error = CheckProducer(producerId, epoch);
            if (error == KafkaError.ProducerFenced) return KafkaError.InvalidProducerEpoch;
            if (error != KafkaError.None) return error;
            if (_isEnding || _record.Status != TransactionStatus.Ongoing || !_partitions.TryGetValue(partition, out var topicId))
                return KafkaError.InvalidTxnState;
            if (batch.TopicId is { } found && found != topicId) return KafkaError.InvalidTxnState;
            result = batch.EnqueueAsync();
            return KafkaError.None;
        }
    }

    /// <summary>Adds partitions to the transaction, and begins it when none is open.</summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public async ValueTask<KafkaError> AddPartitionsAsync(long producerId, short epoch, IReadOnlyList<TopicPartition> partitions)
    {
        var added = new List<TransactionPartition>(partitions.Count);
        foreach (var partition in partitions)
        {
            if (_log.FindTopicId(partition) is not { } topicId) return KafkaError.UnknownTopicOrPartition;
            added.Add(new TransactionPartition(partition, topicId));
        }

        return await ExtendAsync(producerId, epoch, added, []);
    }

    /// <summary>Adds a group whose offsets are to be committed with the transaction, and begins it when none is open.</summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public ValueTask<KafkaError> AddGroupAsync(long producerId, short epoch, string group) => ExtendAsync(producerId, epoch, [], [group]);

    /// <summary>Keeps offsets of a group until the transaction ends.</summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    /// <exception cref="UnknownTopicPartitionException">A topic was deleted meanwhile; nothing was changed.</exception>
    public async ValueTask<KafkaError> AddOffsetsAsync(long producerId, short epoch, string group, IReadOnlyList<CommittedOffset> offsets)
    {
        using var turn = await TakeTurnAsync();
        var error = CheckProducer(producerId, epoch);
        if (error != KafkaError.None) return error;
        if (IsDecided(_record.Status)) return KafkaError.ConcurrentTransactions;
        if (_record.Status != TransactionStatus.Ongoing || !_groups.Contains(group)) return KafkaError.InvalidTxnState;
        await _log.SaveTransactionAsync(_record, [], [], [.. offsets.Select(o => new TransactionOffset(group, o))]);
        lock (_lock)
        {
            foreach (var offset in offsets) _offsets[(group, offset.Partition)] = offset;
        }

        return KafkaError.None;
    }

    private static bool IsDecided(TransactionStatus status) => status is TransactionStatus.PrepareCommit or TransactionStatus.PrepareAbort;

    private async ValueTask<KafkaError> ExtendAsync(
        long producerId, short epoch, IReadOnlyList<TransactionPartition> partitions, IReadOnlyList<string> groups)
    {
        using var turn = await TakeTurnAsync();
        var error = CheckProducer(producerId, epoch);
        if (error != KafkaError.None) return error;
        if (IsDecided(_record.Status) && !await CompleteAsync()) return KafkaError.ConcurrentTransactions;
        var isOpen = _record.Status == TransactionStatus.Ongoing;
        if (isOpen && partitions.All(Has) && groups.All(_groups.Contains)) return KafkaError.None;
        if (_groups.Count + groups.Count > _limits.TransactionGroupsMax) return KafkaError.InvalidRequest;
        var record = isOpen ? _record : _record with { Status = TransactionStatus.Ongoing, StartedMs = NowMs, ChangedMs = NowMs };
        try
        {
            await _log.SaveTransactionAsync(record, partitions, groups, []);
        }
        catch (UnknownTopicPartitionException)
        {
            return KafkaError.UnknownTopicOrPartition;
        }

        lock (_lock)
        {
            _record = record;
            foreach (var (partition, topicId) in partitions) _partitions[partition] = topicId;
            _groups.UnionWith(groups);
        }

        return KafkaError.None;
    }

    private bool Has(TransactionPartition partition) =>
        _partitions.TryGetValue(partition.Partition, out var topicId) && topicId == partition.TopicId;

    private KafkaError CheckProducer(long producerId, short epoch)
    {
        if (_isForgotten || _record.ProducerId < 0 || producerId != _record.ProducerId) return KafkaError.InvalidProducerIdMapping;
        return epoch == _record.Epoch ? KafkaError.None : KafkaError.ProducerFenced;
    }

    private async ValueTask<Turn> TakeTurnAsync()
    {
        await _turn.WaitAsync();
        return new Turn(_turn);
    }

    private readonly struct Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}

using System.Collections.Concurrent;

namespace Sluice.Log;

public sealed partial class EmbeddedLog
{
    /// <summary>The stored transactional ids; a partition or offset of a topic that is gone is gone with it.</summary>
    public IReadOnlyList<StoredTransaction> StoredTransactions() => _storage.Metadata.Transactions();

    /// <summary>Stores, in one transaction of the metadata, a status and what the producer's transaction has gained with it.</summary>
    /// <exception cref="UnknownTopicPartitionException">One of the topics or partitions is not there; nothing is stored.</exception>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public async ValueTask SaveTransactionAsync(
        TransactionRecord record,
        IReadOnlyList<TransactionPartition> partitions,
        IReadOnlyList<string> groups,
        IReadOnlyList<TransactionOffset> offsets)
    {
        var offsetRows = offsets
            .Select(o => (FindTopicId(o.Offset.Partition) ?? throw new UnknownTopicPartitionException(o.Offset.Partition), o)).ToArray();
        await ChangeAsync(() => _storage.Metadata.SaveTransaction(record, partitions, groups, offsetRows));
    }

    /// <summary>
    /// Stores, in one transaction of the metadata, that a producer's transaction is over: its offsets become those of their groups when
    /// the status is <see cref="TransactionStatus.CompleteCommit"/>, and it has no partitions, groups and offsets any more.
    /// </summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public ValueTask CompleteTransactionAsync(TransactionRecord record) => ChangeAsync(() => _storage.Metadata.CompleteTransaction(record));

    /// <summary>Forgets transactional ids, all in one transaction of the metadata.</summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public ValueTask DeleteTransactionsAsync(IReadOnlyList<string> transactionalIds) =>
        ChangeAsync(() => _storage.Metadata.DeleteTransactions(transactionalIds));

    /// <summary>The id of the topic that has this partition; null when there is none.</summary>
    public Guid? FindTopicId(TopicPartition partition) => TryFind(partition, out var topic, out _) ? topic.Description.Id : null;

    /// <summary>All transactions that have batches in a partition and no marker behind them, in no order.</summary>
    public async ValueTask<IReadOnlyList<OpenTransaction>> OpenTransactionsAsync()
    {
        // The writers' threads add to it.
        var open = new ConcurrentQueue<OpenTransaction>();
        await OnWritersAsync(AllPartitions(), writer =>
        {
            foreach (var transaction in writer.OpenTransactions()) open.Enqueue(transaction);
        });
        return [.. open];
    }

    private async ValueTask ChangeAsync(Action change)
    {
        // SQLite writes one transaction at a time: callers wait here without holding a thread.
        await _commitGate.WaitAsync();
        try
        {
            change();
        }
        finally
        {
            _commitGate.Release();
        }
    }
}

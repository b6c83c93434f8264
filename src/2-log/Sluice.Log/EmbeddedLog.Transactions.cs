namespace Sluice.Log;

public sealed partial class EmbeddedLog
{
    /// <summary>The stored transactional ids; a partition or offset of a topic that is gone is gone with it.</summary>
    public IReadOnlyList<StoredTransaction> StoredTransactions() => _storage.Metadata.Transactions();

    /// <summary>Stores, in one transaction of the metadata, a status and what the producer's transaction has gained with it.</summary>
    /// <exception cref="UnknownTopicPartitionException">One of the partitions is not there; nothing is stored.</exception>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public async ValueTask SaveTransactionAsync(
        TransactionRecord record,
        IReadOnlyList<TopicPartition> partitions,
        IReadOnlyList<string> groups,
        IReadOnlyList<TransactionOffset> offsets)
    {
        var partitionRows = partitions.Select(p => (TopicIdOf(p), p.Partition)).ToArray();
        var offsetRows = offsets.Select(o => (TopicIdOf(o.Offset.Partition), o)).ToArray();
        await ChangeAsync(() => _storage.Metadata.SaveTransaction(record, partitionRows, groups, offsetRows));
    }

    /// <summary>
    /// Stores, in one transaction of the metadata, that a producer's transaction is over: its offsets become those of their groups when
    /// the status is <see cref="TransactionStatus.CompleteCommit"/>, and it has no partitions, groups and offsets any more.
    /// </summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public ValueTask CompleteTransactionAsync(TransactionRecord record) => ChangeAsync(() => _storage.Metadata.CompleteTransaction(record));

    /// <summary>Forgets a transactional id.</summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public ValueTask DeleteTransactionAsync(string transactionalId) =>
        ChangeAsync(() => _storage.Metadata.DeleteTransaction(transactionalId));

    private Guid TopicIdOf(TopicPartition partition) =>
        TryFind(partition, out var topic, out _) ? topic.Description.Id : throw new UnknownTopicPartitionException(partition);

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

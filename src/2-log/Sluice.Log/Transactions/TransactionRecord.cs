namespace Sluice.Log;

/// <summary>Where the transaction of a transactional id is; the names are Kafka's, the numbers what the database holds.</summary>
public enum TransactionStatus
{
    Empty = 0,
    Ongoing = 1,

    /// <summary>It will be committed, whatever happens: markers are being written.</summary>
    PrepareCommit = 2,

    /// <summary>It will be aborted, whatever happens: markers are being written.</summary>
    PrepareAbort = 3,

    CompleteCommit = 4,
    CompleteAbort = 5,
}

/// <summary>What is stored of a transactional id beside its partitions and offsets.</summary>
/// <param name="LastEpoch">The epoch before, whose producer may still ask for the one that follows (KIP-360); -1 when it may not.</param>
/// <param name="StartedMs">When the transaction began, ms since the epoch; -1 when none did.</param>
/// <param name="ChangedMs">When the status changed, ms since the epoch.</param>
public sealed record TransactionRecord(
    string Id, long ProducerId, short Epoch, short LastEpoch, int TimeoutMs, TransactionStatus Status, long StartedMs, long ChangedMs);

/// <summary>An offset of a group that becomes its committed one when the transaction is committed.</summary>
public sealed record TransactionOffset(string Group, CommittedOffset Offset);

/// <summary>A partition that a transaction writes to.</summary>
/// <param name="TopicId">Of the topic that was there when the partition was added: one that takes its name later is another.</param>
public sealed record TransactionPartition(TopicPartition Partition, Guid TopicId);

/// <summary>A transaction that is open in a partition.</summary>
/// <param name="Epoch">The producer's, as the partition knows it.</param>
/// <param name="FirstOffset">Its first offset in the partition.</param>
public sealed record OpenTransaction(TransactionPartition Partition, long ProducerId, short Epoch, long FirstOffset);

/// <summary>A transactional id with all that belongs to its transaction.</summary>
public sealed record StoredTransaction(
    TransactionRecord Record, IReadOnlyList<TransactionPartition> Partitions, IReadOnlyList<string> Groups, IReadOnlyList<TransactionOffset> Offsets);

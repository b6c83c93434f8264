namespace Sluice.Log;

/// <summary>What a reader wants to see of transactions; the numbers are the Kafka protocol's.</summary>
public enum ReadIsolation
{
    /// <summary>Every record that is durable, aborted ones and those of open transactions among them.</summary>
    Uncommitted = 0,

    /// <summary>Records up to the last stable offset; those of aborted transactions are named, so that they can be left out.</summary>
    Committed = 1,
}

/// <summary>
/// The offsets of a partition: the first retained one, the first that belongs to an open transaction (or <paramref name="End"/> when
/// there is none), and the one that the next record gets.
/// </summary>
public readonly record struct Watermarks(long Start, long LastStable, long End)
{
    /// <summary>Where a reader's records end.</summary>
    public long EndFor(ReadIsolation isolation) => isolation == ReadIsolation.Committed ? LastStable : End;
}

/// <summary>Consecutive whole batches as they lie on disk, and the aborted transactions that some of them belong to.</summary>
/// <param name="Aborted">In the order of their markers; empty for who reads uncommitted.</param>
public readonly record struct IsolatedBatches(ReadOnlyMemory<byte> Bytes, Watermarks Watermarks, IReadOnlyList<AbortedTransaction> Aborted);

/// <summary>An idempotent or transactional producer as a partition knows it.</summary>
/// <param name="LastSequence">-1 when it has written no batch in this epoch.</param>
/// <param name="LastTimestampMs">The time of its last append, ms since the epoch.</param>
/// <param name="CoordinatorEpoch">Of its last marker; -1 when it has none.</param>
/// <param name="TransactionStart">The first offset of its open transaction; null when none is open.</param>
public sealed record ActiveProducer(
    long ProducerId, short Epoch, int LastSequence, long LastTimestampMs, int CoordinatorEpoch, long? TransactionStart);

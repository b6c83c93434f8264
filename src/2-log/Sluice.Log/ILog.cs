namespace Sluice.Log;

/// <summary>
/// The log store: topics of partitions, a partition being a sequence of Kafka RecordBatch v2
/// (https://kafka.apache.org/documentation/#recordbatch). <see cref="EmbeddedLog"/> keeps it on this machine's disk.
/// </summary>
/// <remarks>
/// Expected refusals of an append are values (<see cref="AppendResult.Error"/>); broken callers and broken disks are
/// exceptions. Only durable and committed records are ever visible to a reader: <see cref="PartitionOffsets.End"/> moves after the
/// sync, and not into a transaction that is open (Kafka's last stable offset).
/// </remarks>
public interface ILog : IAsyncDisposable
{
    /// <summary>All topics, in ordinal order of their names.</summary>
    ValueTask<IReadOnlyList<TopicDescription>> ListTopicsAsync(CancellationToken cancel);

    /// <summary>The topic, or null when there is none of that name.</summary>
    ValueTask<TopicDescription?> FindTopicAsync(string topic, CancellationToken cancel);

    /// <summary>
    /// The partitions of a topic in the order of their numbers; empty when there is no topic of that name. Their number never falls
    /// while the topic lives. Who reads a topic in order of its keys reads the parents of a partition to their ends before it.
    /// </summary>
    ValueTask<IReadOnlyList<PartitionDescription>> PartitionsAsync(string topic, CancellationToken cancel);

    /// <exception cref="TopicExistsException">A topic of that name is there.</exception>
    /// <exception cref="InvalidTopicException">The name breaks Kafka's rule ([a-zA-Z0-9._-]{1,249}, not "." or "..").</exception>
    ValueTask<TopicDescription> CreateTopicAsync(TopicSpec spec, CancellationToken cancel);

    /// <summary>Deletes a topic with its records and committed offsets; false when there is none of that name.</summary>
    ValueTask<bool> DeleteTopicAsync(string topic, CancellationToken cancel);

    /// <summary>
    /// Appends one whole RecordBatch v2. The bytes are copied or written before the task completes; the base offset and the
    /// partition leader epoch in them are replaced. Completes when the batch is as durable as the log's <see cref="Durability"/> asks.
    /// A batch of an idempotent producer that is stored already is not stored again: the result is that of its first arrival.
    /// </summary>
    ValueTask<AppendResult> AppendAsync(TopicPartition partition, ReadOnlyMemory<byte> recordBatch, CancellationToken cancel);

    /// <summary>
    /// Whole batches from the one that holds <paramref name="offset"/> on: as many as fit in <paramref name="bytesMax"/>, at least one
    /// when there is any. Empty at the end of the partition. The CRC of each batch was verified after the read. Batches of aborted
    /// transactions are marked as control batches, which hold no records and which <see cref="RecordReader"/> steps over.
    /// </summary>
    /// <exception cref="OffsetOutOfRangeException">The offset is below the start or above the end of the partition.</exception>
    /// <exception cref="UnknownTopicPartitionException">No such topic or partition.</exception>
    ValueTask<FetchedBatches> ReadAsync(TopicPartition partition, long offset, int bytesMax, CancellationToken cancel);

    /// <exception cref="UnknownTopicPartitionException">No such topic or partition.</exception>
    ValueTask<PartitionOffsets> OffsetsAsync(TopicPartition partition, CancellationToken cancel);

    /// <summary>The first offset whose record has this timestamp (ms since the epoch) or a later one; null when there is none.</summary>
    ValueTask<long?> OffsetForTimestampAsync(TopicPartition partition, long timestampMs, CancellationToken cancel);

    /// <summary>Completes as soon as the partition's end is beyond <paramref name="offset"/>, or the partition is closed.</summary>
    ValueTask WaitForRecordsAsync(TopicPartition partition, long offset, CancellationToken cancel);

    /// <summary>
    /// The partitions of the topics that are this process's to work on, where several processes share the work of a pipeline; null when all are.
    /// They change as processes come and go, and a partition may be another's when this returns: it only spreads the work, and whatever must
    /// not happen twice needs a guard of its own.
    /// </summary>
    ValueTask<IReadOnlySet<TopicPartition>?> OwnedPartitionsAsync(IReadOnlyCollection<string> topics, CancellationToken cancel) =>
        new((IReadOnlySet<TopicPartition>?)null);

    /// <summary>Stores, in one transaction, the next offsets a group will read.</summary>
    ValueTask CommitOffsetsAsync(string group, IReadOnlyList<CommittedOffset> offsets, CancellationToken cancel);

    /// <summary>All committed offsets of a group; empty for a group never seen.</summary>
    ValueTask<IReadOnlyList<CommittedOffset>> CommittedOffsetsAsync(string group, CancellationToken cancel);

    /// <summary>
    /// Says that groups are in use by readers that the log does not know as members: their offsets expire no earlier than if they had been
    /// committed now. Nothing where the log does not let offsets expire itself.
    /// </summary>
    ValueTask KeepOffsetsAsync(IReadOnlyCollection<string> groups, CancellationToken cancel) => default;
}

/// <summary>A partition of a topic, as in Kafka's clients.</summary>
public readonly record struct TopicPartition(string Topic, int Partition)
{
    public override string ToString() => $"{Topic}-{Partition}";
}

/// <summary>What a topic is created with. <paramref name="Configs"/> holds Kafka topic configs by name (retention.ms, segment.bytes, ...).</summary>
public sealed record TopicSpec(string Name, int PartitionCount, IReadOnlyDictionary<string, string> Configs);

/// <summary>A topic as it is. <paramref name="Id"/> stays the same over restarts.</summary>
public sealed record TopicDescription(Guid Id, string Name, int PartitionCount, IReadOnlyDictionary<string, string> Configs);

/// <summary>A partition of a topic, or a shard of a stream.</summary>
/// <param name="Name">The shard id of a stream's shard; the number as text for a partition of any other topic.</param>
/// <param name="Parents">Numbers of the shards that were split or merged into this one; empty for a partition made with its topic.</param>
/// <param name="IsClosed">Whether it takes no more records: what it holds is all there will be.</param>
public sealed record PartitionDescription(int Partition, string Name, IReadOnlyList<int> Parents, bool IsClosed);

/// <summary>First retained offset, and the offset behind the last committed record (Kafka's log start offset and last stable offset).</summary>
public readonly record struct PartitionOffsets(long Start, long End);

/// <summary>The next offset a group reads, and the text it attached.</summary>
public sealed record CommittedOffset(TopicPartition Partition, long Offset, string Metadata)
{
    /// <summary>
    /// When a client committed it, ms since the epoch: from then on it may expire. Null for one that never expires, such as a position that
    /// the pipeline itself goes on from; one that was committed so stays so until it is deleted.
    /// </summary>
    public long? CommittedMs { get; init; }
}

/// <summary>Outcome of an append; the offset of the batch's first record when <see cref="Error"/> is <see cref="AppendError.None"/>, else -1.</summary>
public readonly record struct AppendResult(AppendError Error, long BaseOffset)
{
    /// <summary>The offsets of the records where others stand between them, which only a log elsewhere can cause; null when they are consecutive.</summary>
    public IReadOnlyList<long>? Scattered { get; init; }

    /// <summary>
    /// The time of the append, ms since the epoch, where it was written into the batch (message.timestamp.type=LogAppendTime); null where the
    /// batch kept its own, was stored before, or lies in a log elsewhere.
    /// </summary>
    public long? AppendTimeMs { get; init; }

    /// <summary>The offset of a record of the batch, when there was no error.</summary>
    public long OffsetOf(int record) => Scattered is null ? BaseOffset + record : Scattered[record];
}

public enum AppendError
{
    None,

    /// <summary>No such topic or partition.</summary>
    UnknownTopicOrPartition,

    /// <summary>Larger than the topic's max.message.bytes.</summary>
    MessageTooLarge,

    /// <summary>Not a whole RecordBatch v2, or its CRC does not match.</summary>
    CorruptMessage,

    /// <summary>The partition stopped after a failed write or sync; it recovers at the next start.</summary>
    StorageError,

    /// <summary>The partition is a shard that was split or merged; its children take the records.</summary>
    PartitionClosed,

    /// <summary>The queue of the partition is full; nothing was written. Try again later.</summary>
    Busy,

    /// <summary>The sequence number of an idempotent producer's batch leaves a gap; nothing was written.</summary>
    OutOfOrderSequence,

    /// <summary>A producer with the same id and a higher epoch has written since; nothing was written.</summary>
    FencedProducer,

    /// <summary>A batch outside the transaction that its producer has open; nothing was written.</summary>
    InvalidTransactionState,

    /// <summary>A record without a key, in a topic that is compacted; nothing was written.</summary>
    MissingKey,
}

/// <summary>Consecutive whole RecordBatch v2 bytes; the first batch may begin before the offset asked for.</summary>
public readonly record struct FetchedBatches(ReadOnlyMemory<byte> Bytes, PartitionOffsets Offsets);

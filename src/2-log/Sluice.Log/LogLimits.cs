namespace Sluice.Log;

/// <summary>Every bound of the embedded log, with the reason for its number. Sizes are bytes.</summary>
public sealed record LogLimits
{
    /// <summary>
    /// What the records of one compressed batch may become: 128 MiB. A hundred times the default max.message.bytes, which
    /// leaves room for text that compresses well and stops a batch that is nothing but a bomb.
    /// </summary>
    public const int DecompressedBytesMax = 128 << 20;

    /// <summary>
    /// Records that decompress to more than this are decompressed one batch at a time: 16 MiB, sixteen times what a batch may be by default,
    /// which well-meant batches stay under.
    /// </summary>
    public const int DecompressedBytesAlone = 16 << 20;

    /// <summary>Sparseness of both indexes: an entry every 4096 bytes, Kafka's index.interval.bytes.</summary>
    public const int IndexIntervalBytes = 4096;

    /// <summary>
    /// Threads that write and sync, partitions being spread over them: 2. While one waits for its sync the other writes; the callers
    /// need the rest of a small machine.
    /// </summary>
    public int WriterThreads { get; init; } = 2;

    /// <summary>
    /// Appends that may wait per partition: 16,384. Above what any server here holds open as connections, and at 50,000 appends/s a
    /// third of a second of work, after which telling the caller to come back is kinder than letting it wait.
    /// </summary>
    public int QueuedAppendsMax { get; init; } = 16_384;

    /// <summary>Bytes that may wait per partition: 64 MiB, a quarter second at the 260 MB/s of synced writes that a small cloud disk gives.</summary>
    public long QueuedBytesMax { get; init; } = 64L << 20;

    /// <summary>Bytes per write call: 4 MiB, the size with which the disk's own synced writes are measured beside the log's.</summary>
    public int WriteBytesMax { get; init; } = 4 << 20;

    /// <summary>
    /// Bytes after which a partition notes how far it is durable: 16 MiB. What is beyond is read, checked and written again after a
    /// crash, at the speed of synced writes; noting it takes three small syncs, a fiftieth of the time the bytes took.
    /// </summary>
    public long CheckpointBytes { get; init; } = 16L << 20;

    /// <summary>
    /// Zeros written ahead of the records of a partition: 1 MiB. With rounds of 16 KiB, as 16 callers of 1 KiB make them, one in 64
    /// pays the few milliseconds that this takes, after its callers are answered.
    /// </summary>
    public int RoomBytes { get; init; } = 1 << 20;

    /// <summary>The largest round that counts as small: 64 KiB, where the sync itself and the bytes take about the same time.</summary>
    public int SmallRoundBytes { get; init; } = 64 << 10;

    /// <summary>Small rounds one after the other before room is made: 8, so that a partition written to now and then stays small.</summary>
    public int SmallRoundsBeforeRoom { get; init; } = 8;

    /// <summary>Bytes one read returns at most, whatever the caller asks: 64 MiB, over Kafka's default fetch.max.bytes of 50 MiB.</summary>
    public int ReadBytesMax { get; init; } = 64 << 20;

    /// <summary>
    /// Bytes of segments that are walked for the record with the largest timestamp, where the indexes do not know it: no further segment is
    /// begun beyond 256 MiB, which a disk reads in a second or two.
    /// </summary>
    public long TimestampSearchBytesMax { get; init; } = 256L << 20;

    /// <summary>Segment files kept open for readers: 512, half the 1,024 descriptors that most systems grant without being asked.</summary>
    public int OpenFilesMax { get; init; } = 512;

    /// <summary>
    /// Idempotent producers that a partition remembers: 10,000, about 2 MB. Beyond it those are forgotten that have been silent longest;
    /// a producer forgotten is taken as new, so only a copy of its last batch that comes that late would be stored twice.
    /// </summary>
    public int ProducersPerPartitionMax { get; init; } = 10_000;

    /// <summary>Silence after which an idempotent producer is forgotten: a day, Kafka's producer.id.expiration.ms.</summary>
    public TimeSpan ProducerSilenceMax { get; init; } = TimeSpan.FromDays(1);

    /// <summary>
    /// Aborted transactions whose markers lie in one segment: 100,000, which are 3.2 MB of memory while the segment is open. The segment
    /// is rolled when there are more.
    /// </summary>
    public int AbortedPerSegmentMax { get; init; } = 100_000;

    /// <summary>
    /// What the table of keys may take while a partition is compacted: 32 MiB, a million keys at 24 bytes and three quarters full. A pass
    /// over more keys cleans as far as they fit, and the next goes on there.
    /// </summary>
    public int CompactionKeysBytesMax { get; init; } = 32 << 20;

    /// <summary>Partitions of one topic: 10,000, the order at which Kafka's own guides advise to stop.</summary>
    public int PartitionsPerTopicMax { get; init; } = 10_000;
}

namespace Sluice.Kinesis;

/// <summary>
/// Every bound of the Kinesis endpoint, with the reason for its number. Sizes are bytes. "AWS" is
/// https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html and the API reference of each action.
/// </summary>
public sealed record KinesisLimits
{
    /// <summary>Records in one PutRecords: AWS.</summary>
    public const int PutRecordsMax = 500;

    /// <summary>Data and partition keys of one PutRecords: 10 MiB, AWS since records may have 10 MiB.</summary>
    public const int PutRecordsBytesMax = 10 << 20;

    /// <summary>Data of one record, whatever the stream says: AWS's largest MaxRecordSizeInKiB.</summary>
    public const int RecordBytesMax = 10 << 20;

    /// <summary>Characters of a partition key: AWS.</summary>
    public const int PartitionKeyMax = 256;

    /// <summary>Records of one GetRecords: AWS.</summary>
    public const int GetRecordsMax = 10_000;

    /// <summary>Data and partition keys of one GetRecords: 10 MiB, AWS; a single larger record still goes.</summary>
    public const int GetRecordsBytesMax = 10 << 20;

    /// <summary>Shards in one page of ListShards: AWS's largest MaxResults, and its default.</summary>
    public const int ListShardsMax = 10_000;

    /// <summary>Shards in one page of DescribeStream unless the request says less: AWS.</summary>
    public const int DescribeStreamShards = 100;

    /// <summary>Streams in one page of ListStreams unless the request says otherwise: AWS.</summary>
    public const int ListStreamsDefault = 100;

    /// <summary>Hours of retention: AWS, a day to a year.</summary>
    public const int RetentionHoursMin = 24;

    /// <inheritdoc cref="RetentionHoursMin"/>
    public const int RetentionHoursMax = 8760;

    /// <summary>Shards that a stream is created with in on-demand mode: 4, as AWS (4 MB/s of writing).</summary>
    public const int OnDemandShards = 4;

    /// <summary>Life of a shard iterator and of a page token: AWS.</summary>
    public static readonly TimeSpan IteratorLife = TimeSpan.FromSeconds(300);

    /// <summary>Life of a subscription: AWS.</summary>
    public static readonly TimeSpan SubscriptionLife = TimeSpan.FromMinutes(5);

    /// <summary>A second SubscribeToShard of the same consumer and shard within this time is refused: AWS.</summary>
    public static readonly TimeSpan SubscriptionHold = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Largest request body: 16 MiB. A full PutRecords has 10 MiB, which base64 makes 14; the rest is room for names and keys.
    /// </summary>
    public int RequestBytesMax { get; init; } = 16 << 20;

    /// <summary>Bodies and answers up to this size are bounded by the number of connections and take nothing of the budget.</summary>
    public int SmallBytes { get; init; } = 64 << 10;

    /// <summary>
    /// Memory that all large requests and answers may take at one moment: 96 MiB, three of the largest; the others wait. A process
    /// that has only this endpoint was seen at 201 MB at most, with eight records of 10 MiB under way (<c>./bench kinesis</c>).
    /// </summary>
    public long LargeBytesInFlight { get; init; } = 96L << 20;

    /// <summary>
    /// Large requests that may wait for that memory: 1,000, a few seconds of work; more are told to come back.
    /// </summary>
    public int LargeRequestsWaiting { get; init; } = 1000;

    /// <summary>Bytes of one read of the log: 1 MiB, a second of what AWS lets a shard take.</summary>
    public int ReadBytes { get; init; } = 1 << 20;

    /// <summary>Bytes of one batch in the log: 1 MiB; reading a record reads its batch. A larger record is a batch alone.</summary>
    public int BatchBytes { get; init; } = 1 << 20;

    /// <summary>
    /// How often a record follows its hash key into the children of a shard that closed meanwhile: 16 times. A reshard takes
    /// milliseconds, so a record that meets 16 of them in a row is an attack or a fault.
    /// </summary>
    public int ReshardsFollowed { get; init; } = 16;
}

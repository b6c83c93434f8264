namespace Sluice.KafkaRest;

/// <summary>Settings of the proxy and every limit it keeps. Sizes are bytes.</summary>
public sealed record KafkaRestOptions
{
    /// <summary>Create an unknown topic at the first produce to it (the broker's auto.create.topics.enable); otherwise 40401.</summary>
    public bool AutoCreateTopics { get; init; }

    /// <summary>Partitions of an auto-created topic: the broker's num.partitions, which is 1 in Kafka.</summary>
    public int AutoCreatePartitions { get; init; } = 1;

    /// <summary>The id shown as the one broker, leader and replica.</summary>
    public int BrokerId { get; init; } = 1;

    /// <summary>
    /// Largest request body. The official proxy has no limit of its own; 64 MiB is its consumer.request.max.bytes and far
    /// above the 10 MB that a gateway lets through.
    /// </summary>
    public int RequestBytesMax { get; init; } = 64 * 1024 * 1024;

    /// <summary>All request bodies above <see cref="SmallRequestBytes"/> that may be held at one moment; more are answered 429.</summary>
    public long RequestBytesInFlightMax { get; init; } = 256L * 1024 * 1024;

    /// <summary>Bodies up to this size are bounded by the number of connections and are not counted.</summary>
    public int SmallRequestBytes { get; init; } = 64 * 1024;

    /// <summary>
    /// Buffers up to this size are kept for the next request: 256 KiB, twice a post of 100 records of 1 KB. A processor keeps 16 pairs of them,
    /// 8 MiB.
    /// </summary>
    public int KeptRequestBytes { get; init; } = 256 * 1024;

    /// <summary>
    /// Most records in one request: their bookkeeping and the reply take more room than records such as <c>{}</c> themselves.
    /// Half a million is a full 64 MiB body of 128-byte records.
    /// </summary>
    public int RequestRecordsMax { get; init; } = 524_288;

    /// <summary>Largest record with its overhead: the Kafka producer's max.request.size, 1 MiB.</summary>
    public int RecordBytesMax { get; init; } = 1_048_576;

    /// <summary>Largest RecordBatch sent to the log. It stays below the broker's max.message.bytes (1,048,588).</summary>
    public int BatchBytesMax { get; init; } = 1_048_576;

    /// <summary>Nesting of a key or value: the limit of the JSON parser (Jackson) in the official proxy.</summary>
    public int JsonDepthMax { get; init; } = 1000;

    /// <summary>Scheme, host and port that base_uri of a new consumer begins with; null takes those of its request.</summary>
    public Uri? AdvertisedListener { get; init; }

    /// <summary>A consumer instance that is not used for so long is closed: the official proxy's consumer.instance.timeout.ms.</summary>
    public TimeSpan ConsumerInstanceTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a read waits for a first record when neither it nor its instance says: consumer.request.timeout.ms.</summary>
    public int ConsumerRequestTimeoutMs { get; init; } = 1000;

    /// <summary>The longest wait that a client may ask for: five minutes, as long as an instance may be idle.</summary>
    public int ConsumerRequestTimeoutMsMax { get; init; } = 300_000;

    /// <summary>Most bytes of keys and values in the answer to one read: the official proxy's consumer.request.max.bytes, 64 MiB.</summary>
    public int ConsumerRequestBytesMax { get; init; } = 64 * 1024 * 1024;

    /// <summary>Bytes asked of a partition at once: Kafka's max.partition.fetch.bytes, 1 MiB.</summary>
    public int ConsumerFetchBytes { get; init; } = 1024 * 1024;

    /// <summary>Consumer instances open at one moment; more are refused with 429. Each holds some kilobytes.</summary>
    public int ConsumerInstancesMax { get; init; } = 10_000;

    /// <summary>Largest body of a request that is read as a whole object: a v3 batch of ten records of 1 MiB in base64 fits in 16 MiB.</summary>
    public int ControlRequestBytesMax { get; init; } = 16 * 1024 * 1024;

    /// <summary>The id that the v3 API shows the cluster under. Kafka's own are 22 characters of base64url; any text without a slash will do.</summary>
    public string ClusterId { get; init; } = "sluice";

    /// <summary>Most entries of a v3 batch: the official proxy's api.v3.produce.batch.maximum.entries, 10.</summary>
    public int BatchEntriesMax { get; init; } = 10;
}

namespace Sluice.KafkaRest;

/// <summary>Settings of the proxy and every limit it keeps. Sizes are bytes.</summary>
public sealed record KafkaRestOptions
{
    /// <summary>Create an unknown topic at the first produce to it (the broker's auto.create.topics.enable); otherwise 40401.</summary>
    public bool AutoCreateTopics { get; init; }

    /// <summary>Partitions of an auto-created topic: the broker's num.partitions, which is 1 in Kafka.</summary>
    public int AutoCreatePartitions { get; init; } = 1;

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

    /// <summary>
    /// The only endpoints that answer (api.endpoints.allowlist), by names such as api.v3.topics.create or api.v3.topics.*; empty for all.
    /// </summary>
    public IReadOnlyCollection<string> EndpointsAllowed { get; init; } = [];

    /// <summary>Endpoints that do not answer (api.endpoints.blocklist), by the same names: 404 for a GET, else 405.</summary>
    public IReadOnlyCollection<string> EndpointsBlocked { get; init; } = [];

    /// <summary>Whether requests other than v3 produce are limited (rate.limit.enable); false in the official proxy.</summary>
    public bool RateLimitEnabled { get; init; }

    /// <summary>rate.limit.permits.per.sec, 50 in the official proxy. A request above it is answered 429 at once.</summary>
    public int RateLimitPermitsPerSecond { get; init; } = 50;

    /// <summary>Permits that a request to an endpoint takes (rate.limit.costs), by the endpoint's name; 1 where none is given.</summary>
    public IReadOnlyDictionary<string, int> RateLimitCosts { get; init; } = new Dictionary<string, int>(StringComparer.Ordinal);

    /// <summary>
    /// Whether v3 produce is limited (api.v3.produce.rate.limit.enabled); false in the official proxy. A record above a limit is discarded
    /// and its receipt says 429.
    /// </summary>
    public bool ProduceRateLimitEnabled { get; init; }

    /// <summary>Records a second (api.v3.produce.rate.limit.max.requests.per.sec): 10,000 in the official proxy.</summary>
    public int ProduceRequestsPerSecondMax { get; init; } = 10_000;

    /// <summary>Bytes a second (api.v3.produce.rate.limit.max.bytes.per.sec): 10,000,000 in the official proxy.</summary>
    public int ProduceBytesPerSecondMax { get; init; } = 10_000_000;

    /// <summary>
    /// How long a v3 produce stream may be open: streaming.connection.max.duration.ms, a day. Records after it get receipts of 408.
    /// </summary>
    public TimeSpan StreamDurationMax { get; init; } = TimeSpan.FromDays(1);

    /// <summary>
    /// How long after that the stream ends: streaming.connection.max.duration.grace.period.ms, 500 ms, in which a client sees the receipts.
    /// </summary>
    public TimeSpan StreamGrace { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Most entries of a v3 batch: the official proxy's api.v3.produce.batch.maximum.entries, 10.</summary>
    public int BatchEntriesMax { get; init; } = 10;
}

namespace Sluice.Sink;

/// <summary>Every bound and default of the sink, and where its number comes from.</summary>
public static class SinkLimits
{
    /// <summary>Bytes read from the log at a time: the Kafka consumer's <c>max.partition.fetch.bytes</c>.</summary>
    public const int FetchBytes = 1 << 20;

    /// <summary>Objects named in one decision: 64 ranges of two 19-digit offsets stay below Kafka's <c>offset.metadata.max.bytes</c>, 4,096.</summary>
    public const int ObjectsPerDecision = 64;

    /// <summary>
    /// The AWS command line's <c>multipart_chunksize</c>. Confluent's <c>s3.part.size</c> is 25 MiB; measured to local objects, 8 MiB
    /// takes 10 to 20 % less processor time and a third of the memory, and 10,000 such parts are still an object of 80 GB.
    /// </summary>
    public const int PartBytes = 8 << 20;

    /// <summary>S3 takes no smaller part, the last one excepted.</summary>
    public const int PartBytesMin = 5 << 20;

    /// <summary>Above this a buffer would outgrow what one array holds comfortably; S3 itself allows 5 GB.</summary>
    public const int PartBytesMax = 512 << 20;

    /// <summary>JSON nested deeper is malformed: Jackson's <c>StreamReadConstraints</c>.</summary>
    public const int JsonDepth = 1000;

    /// <summary>Tasks of one connector; each holds one part and one fetch in memory.</summary>
    public const int TasksMax = 64;

    /// <summary>Confluent's <c>filename.offset.zero.pad.width</c>.</summary>
    public const int OffsetPadWidth = 10;

    /// <summary>The longest Connect itself waits before it records progress: <c>offset.flush.interval.ms</c>, 60 s.</summary>
    public static readonly TimeSpan IdleFlush = TimeSpan.FromSeconds(60);

    /// <summary>How soon a new topic or partition is found. Kafka's metadata age is 5 min; asking the log is cheap here.</summary>
    public static readonly TimeSpan DiscoveryInterval = TimeSpan.FromSeconds(1);

    /// <summary>Confluent's <c>retry.backoff.ms</c>: the first wait after a failure. It doubles.</summary>
    public static readonly TimeSpan RetryBackoff = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait after repeated failures: Kafka Connect's <c>errors.retry.delay.max.ms</c>.</summary>
    public static readonly TimeSpan RetryBackoffMax = TimeSpan.FromSeconds(60);
}

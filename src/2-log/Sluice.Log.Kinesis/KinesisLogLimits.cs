namespace Sluice.Log.Kinesis;

/// <summary>The bounds of reading and writing Kinesis, each with where its number comes from. Sizes are bytes.</summary>
public sealed record KinesisLogLimits
{
    /// <summary>Records asked for at once: 10,000, the most GetRecords gives.</summary>
    public int RecordsPerFetch { get; init; } = 10_000;

    /// <summary>Longest answer read: GetRecords gives 10 MB and at least one record of up to 10 MiB, in base64; a quarter more for what stands around.</summary>
    public int AnswerBytes { get; init; } = 32 << 20;

    /// <summary>Size of the record batches a shard's records are delivered in: Kafka's default for a batch, 1 MiB.</summary>
    public int BatchBytes { get; init; } = 1 << 20;

    /// <summary>Fetched records kept per shard until they are read: one fetch of 10 MB, with room for keys.</summary>
    public int BufferBytes { get; init; } = 16 << 20;

    /// <summary>Pause between fetches that find no records, at the end of a shard or before it: AWS allows 5 a second per shard to all readers together; this takes 4.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Records of one PutRecords: 500, the most it takes.</summary>
    public int RecordsPerPut { get; init; } = 500;

    /// <summary>Bytes of one PutRecords, counted as Kinesis counts: 5 MiB, which every Kinesis takes.</summary>
    public int PutBytes { get; init; } = 5 << 20;

    /// <summary>Largest record: 10 MiB, the largest a stream can be set to.</summary>
    public int RecordBytes { get; init; } = 10 << 20;

    /// <summary>Tries of one request: with the pauses below about half a minute of patience.</summary>
    public int Attempts { get; init; } = 10;

    /// <summary>Pause before the first retry, doubled from there, with jitter: AWS SDKs begin at 50 to 100 ms.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest pause: a GetRecords of 10 MB makes the shard refuse for 5 s.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one try may take: three times the 10 s after which 10 MB would arrive at 1 MB/s.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Records between two marks: one full fetch, so that a restart counts through no more than that.</summary>
    public int MarkRecords { get; init; } = 10_000;

    /// <summary>Time between two marks of a shard with little traffic: a minute, far below the shortest retention of 24 hours.</summary>
    public TimeSpan MarkInterval { get; init; } = TimeSpan.FromMinutes(1);
}

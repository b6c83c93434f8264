namespace Sluice.Cleaning;

/// <summary>Bounds that no setting moves.</summary>
internal static class CleaningLimits
{
    /// <summary>Nesting of a record's JSON. 1,000 is the depth at which Jackson 2.15, the parser behind Kafka Connect, stops.</summary>
    public const int JsonDepthMax = 1000;

    /// <summary>
    /// A record this long is quarantined with as many of its first bytes: six times the 10 MiB that the gateway and Kinesis take, which
    /// is what JSON escaping can make of them.
    /// </summary>
    public const int RecordBytesMax = 64 << 20;

    /// <summary>
    /// Records of a batch for which the clean SQL may fail. Each costs one run of the SQL per halving, some 20 ms: 1,000 are 20 s, and more
    /// is a fault of the SQL rather than of the records.
    /// </summary>
    public const int FailingRecordsMax = 1000;

    /// <summary>
    /// Keys of a table that are held in memory to find duplicates; a larger table is asked each time. 32 million: at 16 bytes a key at most, 512 MiB.
    /// </summary>
    public const int KnownKeysMax = 32 << 20;

    /// <summary>Objects of a partition that are listed before the first of them is read: a page of S3's ListObjectsV2.</summary>
    public const int ListedObjects = 1000;

    /// <summary>Characters of a row that a message quotes: enough to recognise it, and a line of the history stays readable.</summary>
    public const int ExampleCharsMax = 500;

    /// <summary>Times that counts are appended to <c>quality.results</c> anew because another process did so: a handful of processes need a handful.</summary>
    public const int QualityAttemptsMax = 8;
}

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
}

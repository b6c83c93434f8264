using Sluice.Cleaning;
using Sluice.Cleaning.Streaming;

namespace Sluice.Console.Settings;

/// <summary>The stream job: where it reads, from when, and how many records share a commit.</summary>
internal sealed class StreamSettings
{
    private static readonly StreamOptions s_defaults = new(new CleaningOptions(""));

    /// <summary>Shards of the pipeline's streams when they are created here.</summary>
    public int Shards { get; set; } = 1;

    /// <summary>An AWS region, to read the streams of Kinesis there and not those of this process. Credentials come from the AWS SDK's chain.</summary>
    public string? Region { get; set; }

    /// <summary>The address of another Kinesis than AWS's own in the region.</summary>
    public string? Endpoint { get; set; }

    /// <summary>Read the streams from topics of their names in the Kafka of log.kafka, and not from Kinesis.</summary>
    public bool Kafka { get; set; }

    /// <summary>Where a dataset begins that has no position yet: earliest, latest, or an ISO 8601 time.</summary>
    public string Start { get; set; } = "earliest";

    /// <summary>What is done about records that retention removed before they were cleaned: fail, or skip them and count them.</summary>
    public GapPolicy Gaps { get; set; } = s_defaults.Gaps;

    /// <summary>Most records of a commit.</summary>
    public int RowsMax { get; set; } = s_defaults.RowsPerCommitMax;

    /// <summary>Most bytes of a commit.</summary>
    public ByteSize BytesMax { get; set; } = new(s_defaults.BytesPerCommitMax);

    /// <summary>Longest that a record waits for others to share its commit.</summary>
    public TimeSpan AgeMax { get; set; } = s_defaults.AgeMax;

    /// <summary>A commit is made earlier when no record came for this long.</summary>
    public TimeSpan Idle { get; set; } = s_defaults.Idle;

    /// <remarks>One thread a dataset: a commit of a few hundred rows is done before a second thread has begun to help.</remarks>
    /// <exception cref="UserException">All faults.</exception>
    public StreamOptions Options(CleaningOptions cleaning)
    {
        UserException.ThrowIfAny(FaultsOfJob());
        _ = StreamStart.TryParse(Start, out var start);
        return new(cleaning with { Threads = 1 })
        {
            Start = start, Gaps = Gaps, RowsPerCommitMax = RowsMax, BytesPerCommitMax = BytesMax.Bytes, AgeMax = AgeMax, Idle = Idle,
        };
    }

    /// <summary>The address of <see cref="Endpoint"/>, null when there is none.</summary>
    /// <param name="hasKafka">Whether the topics are in a Kafka elsewhere.</param>
    /// <exception cref="UserException">All faults of where the streams are.</exception>
    public Uri? EndpointAddress(bool hasKafka)
    {
        UserException.ThrowIfAny(FaultsOfPlace(hasKafka));
        return Endpoint is null ? null : new Uri(Endpoint);
    }

    /// <param name="hasKafka">Whether the topics are in a Kafka elsewhere.</param>
    public IEnumerable<string> Faults(bool hasKafka) => FaultsOfPlace(hasKafka).Concat(FaultsOfJob());

    private IEnumerable<string> FaultsOfPlace(bool hasKafka)
    {
        if (Kafka && (Region ?? Endpoint) is not null) yield return "stream: kafka, and region or endpoint, are different places; give one of them.";
        if (Kafka && !hasKafka) yield return "stream.kafka needs log.kafka.bootstrap-servers: the Kafka to read the streams from.";
        if (Endpoint is not null && !Uri.TryCreate(Endpoint, UriKind.Absolute, out _))
            yield return $"stream.endpoint '{Endpoint}' is no address; write https://kinesis.eu-west-1.amazonaws.com.";
    }

    private IEnumerable<string> FaultsOfJob()
    {
        if (Shards < 1) yield return $"stream.shards {Shards} is too few. Write 1 or more.";
        if (!StreamStart.TryParse(Start, out _)) yield return $"stream.start '{Start}' is neither earliest nor latest nor a time such as 2026-01-31T12:00:00Z.";
        if (RowsMax < 1 || BytesMax.Bytes < 1)
            yield return $"stream: a commit of {RowsMax} rows and {BytesMax.Bytes} bytes holds nothing. Write 1 or more as rows-max and bytes-max.";
        if (AgeMax < TimeSpan.Zero || Idle < TimeSpan.Zero) yield return "stream.age-max and stream.idle must not be negative.";
    }
}

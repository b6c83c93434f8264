using Sluice.SigV4;

namespace Sluice.Log.Kinesis;

/// <summary>Which Kinesis is read, as whom, and from where on.</summary>
public sealed record KinesisLogOptions
{
    /// <summary>The AWS region; also the one requests are signed for.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>Address of Kinesis; null is AWS's own in <see cref="Region"/>.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Who reads; null asks the chain of the AWS SDK (environment, profile, container, instance) and follows its renewals.</summary>
    public Credentials? Credentials { get; init; }

    /// <summary>
    /// The SQLite file that says which sequence number each offset is. It belongs to one process at a time, and jobs that have committed
    /// offsets need it to go on: keep it with their state.
    /// </summary>
    public required string PositionsFile { get; init; }

    /// <summary>
    /// Where offset 0 of a stream lies that this log meets for the first time: null is the oldest record still kept, else the first one that
    /// arrived at this moment or later.
    /// </summary>
    public DateTimeOffset? Origin { get; init; }

    public KinesisLogLimits Limits { get; init; } = new();
}

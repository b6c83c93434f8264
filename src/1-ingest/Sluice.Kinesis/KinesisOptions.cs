using Sluice.SigV4;

namespace Sluice.Kinesis;

/// <summary>Settings of the Kinesis endpoint.</summary>
public sealed record KinesisOptions
{
    /// <summary>The account in ARNs and messages: twelve digits.</summary>
    public string AccountId { get; init; } = "000000000000";

    /// <summary>The region in ARNs.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>
    /// Whether record sizes, the number of records in a request and the size of a request are held to what AWS allows. Without it the
    /// only bound is <see cref="KinesisLimits.RequestBytesMax"/>.
    /// </summary>
    public bool EnforceSizes { get; init; } = true;

    /// <summary>Whether a shard takes and gives no more per second than one of AWS. Off: as fast as the disk.</summary>
    public bool EnforceRates { get; init; }

    /// <summary>How long a stream stays CREATING, UPDATING or DELETING. The work itself is done at once.</summary>
    public TimeSpan StateDelay { get; init; } = TimeSpan.Zero;

    /// <summary>
    /// Who may call. With none, every request is accepted, signed or not, as emulators do; with any, a request must be signed by one
    /// of them for this <see cref="Region"/> and the service <c>kinesis</c>.
    /// </summary>
    public IReadOnlyList<Credentials> Credentials { get; init; } = [];

    public KinesisLimits Limits { get; init; } = new();
}

using Sluice.Kinesis;
using Sluice.SigV4;

namespace Sluice.Console.Settings;

/// <summary>The Kinesis endpoint.</summary>
internal sealed class KinesisSettings
{
    private static readonly KinesisOptions s_defaults = new();

    /// <summary>Who may call. Without it every request is accepted, signed or not; requests that come through the gateway are the gateway's to admit.</summary>
    public string? AccessKeyId { get; set; }

    /// <summary>From the environment (SLUICE_KINESIS__SECRET_ACCESS_KEY) or a file.</summary>
    public string? SecretAccessKey { get; set; }

    public string AccountId { get; set; } = s_defaults.AccountId;

    public string Region { get; set; } = s_defaults.Region;

    /// <summary>Sizes of records and requests as AWS bounds them.</summary>
    public bool EnforceSizes { get; set; } = s_defaults.EnforceSizes;

    /// <summary>What a shard of AWS takes and gives per second.</summary>
    public bool EnforceRates { get; set; } = s_defaults.EnforceRates;

    /// <summary>How long a stream stays CREATING, UPDATING or DELETING.</summary>
    public TimeSpan StateDelay { get; set; } = s_defaults.StateDelay;

    /// <exception cref="UserException">All faults.</exception>
    public KinesisOptions Options()
    {
        UserException.ThrowIfAny(Faults());
        return new KinesisOptions
        {
            AccountId = AccountId, Region = Region, EnforceSizes = EnforceSizes, EnforceRates = EnforceRates, StateDelay = StateDelay,
            Credentials = AccessKeyId is null ? [] : [new Credentials(AccessKeyId, SecretAccessKey!)],
        };
    }

    public IEnumerable<string> Faults()
    {
        if (AccessKeyId is null != SecretAccessKey is null) yield return "kinesis: access-key-id and secret-access-key belong together; give both or neither.";
        if (StateDelay < TimeSpan.Zero) yield return $"kinesis.state-delay {StateDelay} is negative. Write 0s or more.";
    }
}

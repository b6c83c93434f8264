using Sluice.Kinesis.Shards;
using Sluice.Log;

namespace Sluice.Kinesis.Resources;

/// <summary>Quotas of an account (https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html).</summary>
internal static class CapacityLimits
{
    /// <summary>Shards of an account: 20,000, AWS's default in its largest regions.</summary>
    public const int ShardsMax = 20_000;

    /// <summary>Streams in on-demand mode: 50, AWS's default.</summary>
    public const int OnDemandStreamsMax = 50;

    /// <summary>Warm throughput of a stream in MiB/s: 10,240, the most that on-demand streams write on AWS (10 GB/s).</summary>
    public const int WarmThroughputMibpsMax = 10_240;

    /// <summary>ValidationException when a warm throughput is asked of a stream whose mode has none.</summary>
    public static KinesisError? NoWarmThroughput(StreamMode mode, int? asked) => asked is null || mode == StreamMode.OnDemand
        ? null
        : KinesisError.Validation("WarmThroughputMiBps can only be set for streams in on-demand mode. Set the mode with UpdateStreamMode first.");

    /// <summary>LimitExceededException when one more stream in on-demand mode would be too many.</summary>
    public static KinesisError? TooManyOnDemand(KinesisCall call)
    {
        var count = call.Log.ListStreams().Count(stream => stream.Attributes.Mode == StreamMode.OnDemand && !StreamTarget.IsGone(stream, call.NowMs));
        return count < OnDemandStreamsMax
            ? null
            : KinesisError.LimitExceeded(
                $"Account {call.Options.AccountId} has {count} streams in on-demand mode; {OnDemandStreamsMax} are the most there may be.");
    }
}

using Sluice.Kinesis.Shards;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_IncreaseStreamRetentionPeriod.html</summary>
internal static class IncreaseStreamRetentionPeriod
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call) => Retention.ChangeAsync(
        call,
        static (stream, hours) => hours < stream.Attributes.RetentionHours
            ? Retention.WrongSide(stream, hours, "shorter", "DecreaseRetentionPeriod")
            : null);
}

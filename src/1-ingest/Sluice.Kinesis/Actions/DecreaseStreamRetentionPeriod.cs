using Sluice.Kinesis.Shards;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DecreaseStreamRetentionPeriod.html</summary>
internal static class DecreaseStreamRetentionPeriod
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call) => Retention.ChangeAsync(
        call,
        static (stream, hours) => hours > stream.Attributes.RetentionHours
            ? Retention.WrongSide(stream, hours, "longer", "IncreaseRetentionPeriod")
            : null);
}

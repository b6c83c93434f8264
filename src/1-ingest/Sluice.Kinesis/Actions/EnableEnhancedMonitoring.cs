using Sluice.Kinesis.Resources;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_EnableEnhancedMonitoring.html</summary>
internal static class EnableEnhancedMonitoring
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call) =>
        EnhancedMonitoring.ChangeAsync(call, (present, named) => present.Concat(named));
}

using Sluice.Kinesis.Resources;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DisableEnhancedMonitoring.html</summary>
internal static class DisableEnhancedMonitoring
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call) =>
        EnhancedMonitoring.ChangeAsync(call, (present, named) => present.Where(metric => !named.Contains(metric)));
}

using Sluice.Kinesis.Resources;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeAccountSettings.html</summary>
internal static class DescribeAccountSettings
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        _ = call.Fields;
        BillingCommitment.Load(call).Write(call);
        return default;
    }
}

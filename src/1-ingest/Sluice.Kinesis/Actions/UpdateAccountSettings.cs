using Sluice.Kinesis.Resources;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateAccountSettings.html</summary>
internal static class UpdateAccountSettings
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        const string Member = "minimumThroughputBillingCommitment";
        var commitment = call.Fields.Nested("MinimumThroughputBillingCommitment");
        var status = commitment?.Text("Status");
        var checks = new Validation().NotNull(Member, commitment).OneOf(Member + ".status", status, "ENABLED", "DISABLED");
        if (commitment is not null) checks.NotNull(Member + ".status", status);
        if (checks.Fault is { } fault) return new(fault);
        var before = BillingCommitment.Load(call);
        var after = status == "ENABLED" ? before.Enable(call.NowMs) : before.Disable(call.NowMs);
        after.Save(call);
        after.Write(call);
        return default;
    }
}

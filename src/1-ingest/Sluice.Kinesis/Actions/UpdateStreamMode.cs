using Sluice.Kinesis.Resources;
using Sluice.Kinesis.Shards;
using Sluice.Log;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateStreamMode.html</summary>
internal static class UpdateStreamMode
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var details = call.Fields.Nested("StreamModeDetails");
        var text = details?.Text("StreamMode");
        var warm = call.Fields.Integer("WarmThroughputMiBps");
        var checks = new Validation().NotNull("streamARN", call.Fields.Text("StreamARN")).NotNull("streamModeDetails", details)
            .OneOf("streamModeDetails.streamMode", text, "PROVISIONED", "ON_DEMAND")
            .Range("warmThroughputMiBps", warm, 0, CapacityLimits.WarmThroughputMibpsMax);
        if (details is not null) checks.NotNull("streamModeDetails.streamMode", text);
        if (StreamTarget.Find(call, checks, out var error) is not { } stream) return new(error);
        var mode = text == "ON_DEMAND" ? StreamMode.OnDemand : StreamMode.Provisioned;
        if (CapacityLimits.NoWarmThroughput(mode, warm) is { } pointless) return new(pointless);
        return StreamChange.ApplyToActiveAsync(call, stream.Name, current =>
        {
            if (mode == StreamMode.OnDemand && current.Attributes.Mode != mode && CapacityLimits.TooManyOnDemand(call) is { } tooMany) return tooMany;
            var kept = mode == StreamMode.OnDemand ? warm ?? current.Attributes.WarmThroughputMibps : null;
            return current.Attributes with { Mode = mode, WarmThroughputMibps = kept };
        });
    }
}

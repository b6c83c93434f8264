using Sluice.Kinesis.Resources;
using Sluice.Kinesis.Shards;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateStreamWarmThroughput.html</summary>
internal static class UpdateStreamWarmThroughput
{
    public static async ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var asked = call.Fields.Integer("WarmThroughputMiBps");
        var checks = new Validation().NotNull("warmThroughputMiBps", asked)
            .Range("warmThroughputMiBps", asked, 0, CapacityLimits.WarmThroughputMibpsMax);
        if (StreamTarget.Find(call, checks, out var error) is not { } stream) return error;
        var before = 0;
        var refused = await StreamChange.ApplyToActiveAsync(call, stream.Name, current =>
        {
            if (CapacityLimits.NoWarmThroughput(current.Attributes.Mode, asked) is { } pointless) return pointless;
            before = current.Attributes.WarmThroughputMibps ?? 0;
            return current.Attributes with { WarmThroughputMibps = asked };
        });
        if (refused is not null) return refused;
        call.Response.StartMap();
        call.Response.Text("StreamName"u8, stream.Name);
        call.Response.Text("StreamARN"u8, call.Services.Names.OfStream(stream.Name));
        call.Response.StartMap("WarmThroughput"u8);
        call.Response.Integer("TargetMiBps"u8, asked!.Value);
        call.Response.Integer("CurrentMiBps"u8, before);
        call.Response.EndMap();
        call.Response.EndMap();
        return null;
    }
}

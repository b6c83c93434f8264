using System.Globalization;
using Sluice.Kinesis.Shards;
using Sluice.Log;

namespace Sluice.Kinesis.Actions;

/// <summary>
/// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html. As in AWS it is done by splits and merges: shards
/// are split where a wanted range begins, then what lies within one wanted range is merged.
/// </summary>
internal static class UpdateShardCount
{
    private const string Uniform = "UNIFORM_SCALING";

    public static async ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var target = call.Fields.Integer("TargetShardCount");
        var scaling = call.Fields.Text("ScalingType");
        var checks = new Validation()
            .NotNull("targetShardCount", target)
            .Range("targetShardCount", target, 1, int.MaxValue)
            .NotNull("scalingType", scaling)
            .OneOf("scalingType", scaling, Uniform);
        if (StreamTarget.Find(call, checks, out var error) is not { } stream) return error;
        if (Resharding.Refuse(call, stream) is { } refused) return refused;
        var current = stream.OpenShards.Count;
        if (OutOfReach(current, target!.Value) is { } tooFar) return tooFar;
        if (await ScaleAsync(call, stream, target.Value) is { } failed) return failed;
        var response = call.Response;
        response.StartMap();
        response.Text("StreamName"u8, stream.Name);
        response.Integer("CurrentShardCount"u8, current);
        response.Integer("TargetShardCount"u8, target.Value);
        response.Text("StreamARN"u8, call.Services.Names.OfStream(stream.Name));
        response.EndMap();
        return null;
    }

    private static KinesisError? OutOfReach(int current, int target)
    {
        var counts = string.Create(CultureInfo.InvariantCulture, $"Current open shard count: {current} Target shard count: {target}");
        if (target > 2L * current) return KinesisError.InvalidArgument($"UpdateShardCount cannot scale up over double your current open shard count. {counts}");
        if (target * 2L < current) return KinesisError.InvalidArgument($"UpdateShardCount cannot scale down below half your current open shard count. {counts}");
        return null;
    }

    private static async ValueTask<KinesisError?> ScaleAsync(KinesisCall call, StreamDescription stream, int target)
    {
        var starts = HashRange.Divide(target).Select(r => r.First).ToHashSet();
        while (true)
        {
            if (call.Log.FindStream(stream.Name) is not { } now || now.Topic.Id != stream.Topic.Id) return StreamTarget.NotFound(call, stream.Name);
            var open = now.OpenShards;
            var begun = open.Select(s => s.Range.First).ToHashSet();
            if (starts.FirstOrDefault(s => !begun.Contains(s)) is var missing && missing != 0)
            {
                var shard = now.ShardOf(missing);
                var split = await call.Log.SplitShardAsync(now.Name, shard.Number, missing, Change, call.Cancel);
                if (Resharding.ErrorOf(split, call, now, shard) is { } failed) return failed;
                continue;
            }

            var surplus = open.Select((s, at) => (s, at)).FirstOrDefault(p => !starts.Contains(p.s.Range.First));
            if (surplus.s is null) return null;
            var merged = await call.Log.MergeShardsAsync(now.Name, open[surplus.at - 1].Number, surplus.s.Number, Change, call.Cancel);
            if (Resharding.ErrorOf(merged, call, now, surplus.s) is { } refused) return refused;
        }

        StreamAttributes Change(StreamAttributes attributes) => StreamTarget.Pass(call, attributes, StreamStatus.Updating);
    }
}

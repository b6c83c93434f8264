using Sluice.Kinesis.Resources;
using Sluice.Kinesis.Shards;
using Sluice.Log;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeLimits.html</summary>
internal static class DescribeLimits
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        _ = call.Fields;
        var streams = call.Log.ListStreams().Where(stream => !StreamTarget.IsGone(stream, call.NowMs)).ToList();
        call.Response.StartMap();
        call.Response.Integer("ShardLimit"u8, CapacityLimits.ShardsMax);
        call.Response.Integer(
            "OpenShardCount"u8,
            streams.Where(stream => stream.Attributes.Mode == StreamMode.Provisioned).Sum(stream => stream.OpenShards.Count));
        call.Response.Integer("OnDemandStreamCount"u8, streams.Count(stream => stream.Attributes.Mode == StreamMode.OnDemand));
        call.Response.Integer("OnDemandStreamCountLimit"u8, CapacityLimits.OnDemandStreamsMax);
        call.Response.EndMap();
        return default;
    }
}

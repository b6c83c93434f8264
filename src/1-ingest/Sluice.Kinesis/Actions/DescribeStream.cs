using Sluice.Kinesis.Shards;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStream.html</summary>
internal static class DescribeStream
{
    public static async ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var limit = call.Fields.Integer("Limit");
        var after = call.Fields.Text("ExclusiveStartShardId");
        var checks = new Validation().Range("limit", limit, 1, 10_000).ShardId("exclusiveStartShardId", after);
        if (StreamTarget.Find(call, checks, out var error) is not { } stream) return error;
        var nowMs = call.NowMs;
        var shards = stream.Shards
            .Where(s => ShardWriter.IsShown(stream, s, nowMs) && (after is null || string.CompareOrdinal(s.Id, after) > 0))
            .ToArray();
        var page = Math.Min(shards.Length, limit ?? KinesisLimits.DescribeStreamShards);
        var response = call.Response;
        response.StartMap();
        response.StartMap("StreamDescription"u8);
        DescribeStreamSummary.WriteCommon(call, stream);
        response.StartList("Shards"u8);
        for (var i = 0; i < page; i++) await ShardWriter.WriteAsync(call, stream, shards[i]);
        response.EndList();
        response.Boolean("HasMoreShards"u8, page < shards.Length);
        response.EndMap();
        response.EndMap();
        return null;
    }
}

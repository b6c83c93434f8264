using Sluice.Kinesis.Shards;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html</summary>
internal static class GetShardIterator
{
    public static async ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var fields = call.Fields;
        var shardId = fields.Text("ShardId");
        var position = new StartPosition(
            fields.Text("ShardIteratorType"), fields.Text("StartingSequenceNumber"), fields.TimestampMs("Timestamp"));
        var checks = new Validation().NotNull("shardId", shardId).ShardId("shardId", shardId);
        if (StreamTarget.Find(call, position.Check(checks, "", "shardIteratorType", "startingSequenceNumber"), out var error) is not { } stream) return error;
        if (stream.Find(shardId) is not { } shard) return StreamTarget.ShardNotFound(call, stream, shardId!);
        var (offset, refused) = await position.ResolveAsync(call, stream, shard);
        if (refused is not null) return refused;
        call.Response.StartMap();
        call.Response.Name("ShardIterator"u8);
        new ShardIterator(stream, shard, offset).Write(call.Response, call.NowMs);
        call.Response.EndMap();
        return null;
    }
}

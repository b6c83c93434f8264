using Sluice.Kinesis.Shards;
using Sluice.Log;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_MergeShards.html</summary>
internal static class MergeShards
{
    public static async ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var first = call.Fields.Text("ShardToMerge");
        var second = call.Fields.Text("AdjacentShardToMerge");
        var checks = new Validation()
            .NotNull("shardToMerge", first)
            .ShardId("shardToMerge", first)
            .NotNull("adjacentShardToMerge", second)
            .ShardId("adjacentShardToMerge", second);
        if (StreamTarget.Find(call, checks, out var error) is not { } stream) return error;
        if (Resharding.Refuse(call, stream) is { } refused) return refused;
        if (stream.Find(first) is not { } shard) return StreamTarget.ShardNotFound(call, stream, first!);
        if (stream.Find(second) is not { } adjacent) return StreamTarget.ShardNotFound(call, stream, second!);
        if (shard.IsClosed) return Resharding.NotOpen(call, stream, shard);
        if (adjacent.IsClosed) return Resharding.NotOpen(call, stream, adjacent);
        var outcome = await call.Log.MergeShardsAsync(
            stream.Name, shard.Number, adjacent.Number, a => StreamTarget.Pass(call, a, StreamStatus.Updating), call.Cancel);
        return outcome == ReshardOutcome.NotAdjacent
            ? KinesisError.InvalidArgument(
                $"Shards {shard.Id} and {adjacent.Id} in stream {stream.Name} under account {call.Options.AccountId} "
                + "are not an adjacent pair of shards eligible for merging")
            : Resharding.ErrorOf(outcome, call, stream, shard);
    }
}

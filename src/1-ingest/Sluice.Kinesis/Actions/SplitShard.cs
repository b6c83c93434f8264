using System.Globalization;
using System.Text;
using Sluice.Kinesis.Shards;
using Sluice.Log;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SplitShard.html</summary>
internal static class SplitShard
{
    public static async ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var shardId = call.Fields.Text("ShardToSplit");
        var hashKey = call.Fields.Text("NewStartingHashKey");
        var checks = new Validation()
            .NotNull("shardToSplit", shardId)
            .ShardId("shardToSplit", shardId)
            .NotNull("newStartingHashKey", hashKey)
            .HashKey("newStartingHashKey", hashKey);
        if (StreamTarget.Find(call, checks, out var error) is not { } stream) return error;
        if (Resharding.Refuse(call, stream) is { } refused) return refused;
        if (stream.Find(shardId) is not { } shard) return StreamTarget.ShardNotFound(call, stream, shardId!);
        if (shard.IsClosed) return Resharding.NotOpen(call, stream, shard);
        // One plus the start, and the end itself, are out of bounds in AWS too.
        if (!HashKey.TryParse(Encoding.ASCII.GetBytes(hashKey!), out var start)
            || start <= shard.Range.First || start - 1 <= shard.Range.First || start >= shard.Range.Last)
        {
            return OutOfRange(call, stream, shard, hashKey!);
        }

        var outcome = await call.Log.SplitShardAsync(
            stream.Name, shard.Number, start, a => StreamTarget.Pass(call, a, StreamStatus.Updating), call.Cancel);
        return outcome == ReshardOutcome.HashKeyOutOfRange
            ? OutOfRange(call, stream, shard, hashKey!)
            : Resharding.ErrorOf(outcome, call, stream, shard);
    }

    private static KinesisError OutOfRange(KinesisCall call, StreamDescription stream, Shard shard, string hashKey) =>
        KinesisError.InvalidArgument(string.Create(
            CultureInfo.InvariantCulture,
            $"NewStartingHashKey {hashKey} used in SplitShard() on shard {shard.Id} in stream {stream.Name} under account "
            + $"{call.Options.AccountId} is not both greater than one plus the shard's StartingHashKey {shard.Range.First} "
            + $"and less than the shard's EndingHashKey {shard.Range.Last}."));
}

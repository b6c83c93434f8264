using System.Globalization;
using Sluice.Kinesis.Wire;
using Sluice.Log;

namespace Sluice.Kinesis.Shards;

/// <summary>Writes shards as the API shows them, and says which of them it still shows.</summary>
internal static class ShardWriter
{
    private const long MillisecondsPerHour = 3_600_000;

    /// <summary>The oldest moment whose records are kept; not before the stream.</summary>
    public static long TrimHorizonMs(StreamDescription stream, long nowMs) =>
        Math.Max(stream.CreatedMs, nowMs - stream.Attributes.RetentionHours * MillisecondsPerHour);

    /// <summary>A closed shard is shown until the last of its records is past its retention.</summary>
    public static bool IsShown(StreamDescription stream, Shard shard, long nowMs) =>
        shard.ClosedMs is not { } closedMs || closedMs >= TrimHorizonMs(stream, nowMs);

    public static async ValueTask WriteAsync(KinesisCall call, StreamDescription stream, Shard shard)
    {
        var response = call.Response;
        response.StartMap();
        response.Text("ShardId"u8, shard.Id);
        if (shard.Parent is { } parent) response.Text("ParentShardId"u8, Shard.IdOf(parent));
        if (shard.AdjacentParent is { } adjacent) response.Text("AdjacentParentShardId"u8, Shard.IdOf(adjacent));
        WriteRange(response, shard);
        response.StartMap("SequenceNumberRange"u8);
        response.Text("StartingSequenceNumber"u8, shard.StartingSequenceNumber.ToString());
        if (shard.IsClosed)
        {
            var offsets = await call.Log.OffsetsAsync(new TopicPartition(stream.Name, shard.Number), call.Cancel);
            // Above the number of the last record, as AWS's is.
            response.Text("EndingSequenceNumber"u8, shard.SequenceNumberOf(offsets.End).ToString());
        }

        response.EndMap();
        response.EndMap();
    }

    public static void WriteChild(ResponseWriter response, Shard shard)
    {
        response.StartMap();
        response.Text("ShardId"u8, shard.Id);
        response.Texts("ParentShards"u8, new[] { shard.Parent, shard.AdjacentParent }.OfType<int>().Select(Shard.IdOf));
        WriteRange(response, shard);
        response.EndMap();
    }

    private static void WriteRange(ResponseWriter response, Shard shard)
    {
        response.StartMap("HashKeyRange"u8);
        response.Text("StartingHashKey"u8, shard.Range.First.ToString(CultureInfo.InvariantCulture));
        response.Text("EndingHashKey"u8, shard.Range.Last.ToString(CultureInfo.InvariantCulture));
        response.EndMap();
    }
}

using System.Globalization;
using Sluice.Kinesis.Shards;
using Sluice.Kinesis.Wire;
using Sluice.Log;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html</summary>
internal static class ListShards
{
    public static async ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var fields = call.Fields;
        var token = fields.Text("NextToken");
        var limit = fields.Integer("MaxResults");
        var after = fields.Text("ExclusiveStartShardId");
        var filter = ShardFilter.Read(fields.Nested("ShardFilter"));
        var checks = new Validation()
            .Text("nextToken", token, 1, 1_048_576)
            .Range("maxResults", limit, 1, KinesisLimits.ListShardsMax)
            .ShardId("exclusiveStartShardId", after);
        filter.Check(checks);
        StreamDescription? stream;
        if (token is not null)
        {
            if (Continue(call, checks, token, out stream, out filter, out after) is { } refused) return refused;
        }
        else
        {
            stream = StreamTarget.Find(call, checks, out var error);
            if (stream is null || error is not null) return error;
            if (filter.Refuse(stream, call.NowMs) is { } bad) return bad;
        }

        var shards = stream!.Shards
            .Where(s => filter.Holds(stream, s, call.NowMs) && (after is null || string.CompareOrdinal(s.Id, after) > 0))
            .ToArray();
        await WriteAsync(call, stream, filter, shards, Math.Min(shards.Length, limit ?? KinesisLimits.ListShardsMax));
        return null;
    }

    private static KinesisError? Continue(
        KinesisCall call, Validation checks, string token, out StreamDescription? stream, out ShardFilter filter, out string? after)
    {
        (stream, filter, after) = (null, default, null);
        if (checks.Fault is { } fault) return fault;
        foreach (var member in (ReadOnlySpan<string>)["StreamName", "StreamARN", "ExclusiveStartShardId", "StreamCreationTimestamp"])
        {
            if (call.Fields.Has(member)) return KinesisError.InvalidArgument($"NextToken and {member} cannot be provided together.");
        }

        if (PageToken.Read(call, nameof(ListShards), token, out var error) is not { } parts) return error;
        stream = StreamTarget.Find(call, parts[0], out error);
        if (stream is not null && stream.Topic.Id.ToString() != parts[1]) return StreamTarget.NotFound(call, parts[0]);
        after = parts[2];
        filter = ShardFilter.Parse(parts.AsSpan(3));
        return error;
    }

    private static async ValueTask WriteAsync(KinesisCall call, StreamDescription stream, ShardFilter filter, Shard[] shards, int page)
    {
        var response = call.Response;
        response.StartMap();
        response.StartList("Shards"u8);
        for (var i = 0; i < page; i++) await ShardWriter.WriteAsync(call, stream, shards[i]);
        response.EndList();
        if (page < shards.Length)
        {
            string[] parts = [stream.Name, stream.Topic.Id.ToString(), shards[page - 1].Id, .. filter.ToParts()];
            response.Text("NextToken"u8, PageToken.Create(call, nameof(ListShards), parts));
        }

        response.EndMap();
    }

    /// <summary>Which shards are listed. Without a type: all whose records are not past their retention.</summary>
    private readonly record struct ShardFilter(string? Type, string? ShardId, long? TimestampMs)
    {
        public static ShardFilter Read(RequestFields? fields) =>
            fields is null ? default : new(fields.Text("Type") ?? "", fields.Text("ShardId"), fields.TimestampMs("Timestamp"));

        public static ShardFilter Parse(ReadOnlySpan<string> parts) => new(
            parts[0].Length == 0 ? null : parts[0],
            parts[1].Length == 0 ? null : parts[1],
            parts[2].Length == 0 ? null : long.Parse(parts[2], CultureInfo.InvariantCulture));

        public string[] ToParts() => [Type ?? "", ShardId ?? "", TimestampMs?.ToString(CultureInfo.InvariantCulture) ?? ""];

        public void Check(Validation checks)
        {
            if (Type is null) return;
            checks
                .NotNull("shardFilter.type", Type.Length == 0 ? null : Type)
                .ShardId("shardFilter.shardId", ShardId);
            if (Type.Length > 0)
            {
                checks.OneOf(
                    "shardFilter.type", Type,
                    "AFTER_SHARD_ID", "AT_TRIM_HORIZON", "FROM_TRIM_HORIZON", "AT_LATEST", "AT_TIMESTAMP", "FROM_TIMESTAMP");
            }
        }

        public KinesisError? Refuse(StreamDescription stream, long nowMs) => Type switch
        {
            "AFTER_SHARD_ID" when ShardId is null => KinesisError.InvalidArgument("ShardFilter of type AFTER_SHARD_ID requires a ShardId."),
            "AT_TIMESTAMP" or "FROM_TIMESTAMP" when TimestampMs is null =>
                KinesisError.InvalidArgument($"ShardFilter of type {Type} requires a Timestamp."),
            "AT_TIMESTAMP" or "FROM_TIMESTAMP" when TimestampMs > nowMs =>
                KinesisError.InvalidArgument($"The Timestamp of a ShardFilter of type {Type} cannot lie in the future of stream {stream.Name}."),
            _ => null,
        };

        public bool Holds(StreamDescription stream, Shard shard, long nowMs)
        {
            var horizonMs = ShardWriter.TrimHorizonMs(stream, nowMs);
            var fromMs = Math.Max(TimestampMs ?? 0, horizonMs);
            return ShardWriter.IsShown(stream, shard, nowMs) && Type switch
            {
                "AFTER_SHARD_ID" => string.CompareOrdinal(shard.Id, ShardId) > 0,
                "AT_TRIM_HORIZON" => WasOpen(shard, horizonMs),
                "AT_LATEST" => !shard.IsClosed,
                "AT_TIMESTAMP" => WasOpen(shard, fromMs),
                "FROM_TIMESTAMP" => shard.ClosedMs is null || shard.ClosedMs >= fromMs,
                _ => true,
            };
        }

        private static bool WasOpen(Shard shard, long atMs) => shard.CreatedMs <= atMs && (shard.ClosedMs is null || shard.ClosedMs > atMs);
    }
}

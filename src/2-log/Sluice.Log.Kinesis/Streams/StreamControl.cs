using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sluice.Log.Kinesis.Client;

namespace Sluice.Log.Kinesis.Streams;

/// <summary>A stream as Kinesis describes it. The id stays the same as long as the stream lives.</summary>
internal sealed record StreamSummary(Guid Id, string Status, long RetentionMs)
{
    public bool IsReady => Status is "ACTIVE" or "UPDATING";
}

/// <summary>The actions on streams as a whole.</summary>
internal sealed class StreamControl(KinesisClient client)
{
    private const string Active = "ACTIVE";

    /// <summary>Null when there is none of that name.</summary>
    public async Task<StreamSummary?> FindAsync(string stream, CancellationToken cancel)
    {
        try
        {
            using var answer = await client.SendAsync("DescribeStreamSummary", json => json.WriteString("StreamName"u8, stream), cancel);
            var summary = answer.RootElement.GetProperty("StreamDescriptionSummary");
            // A stream of the same name that was deleted and made again is another stream.
            var identity = $"{Text(summary, "StreamARN")}|{(summary.TryGetProperty("StreamCreationTimestamp", out var made) ? made.GetRawText() : "")}";
            var id = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(identity)).AsSpan(0, 16));
            var hours = summary.TryGetProperty("RetentionPeriodHours", out var period) ? period.GetInt64() : 24;
            return new StreamSummary(id, Text(summary, "StreamStatus") ?? Active, hours * 3_600_000);
        }
        catch (KinesisException fault) when (fault.Code == KinesisErrors.NotFound)
        {
            return null;
        }
    }

    public async Task<IReadOnlyList<ListedShard>> ShardsAsync(string stream, CancellationToken cancel)
    {
        var shards = new List<ListedShard>();
        string? token = null;
        do
        {
            using var answer = await client.SendAsync(
                "ListShards",
                json =>
                {
                    if (token is null) json.WriteString("StreamName"u8, stream);
                    else json.WriteString("NextToken"u8, token);
                },
                cancel);
            shards.AddRange(answer.RootElement.GetProperty("Shards").EnumerateArray().Select(ShardOf));
            token = Text(answer.RootElement, "NextToken");
        }
        while (token is not null);

        return shards;
    }

    public async Task<IReadOnlyList<string>> NamesAsync(CancellationToken cancel)
    {
        var names = new List<string>();
        for (var hasMore = true; hasMore;)
        {
            using var answer = await client.SendAsync(
                "ListStreams",
                json =>
                {
                    if (names.Count > 0) json.WriteString("ExclusiveStartStreamName"u8, names[^1]);
                },
                cancel);
            names.AddRange(answer.RootElement.GetProperty("StreamNames").EnumerateArray().Select(name => name.GetString()!));
            hasMore = answer.RootElement.TryGetProperty("HasMoreStreams", out var more) && more.ValueKind == JsonValueKind.True;
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }

    public async Task CreateAsync(string stream, int shards, CancellationToken cancel)
    {
        using var done = await client.SendAsync(
            "CreateStream",
            json =>
            {
                json.WriteString("StreamName"u8, stream);
                json.WriteNumber("ShardCount"u8, shards);
            },
            cancel);
    }

    public async Task SetRetentionAsync(string stream, long hours, bool isLonger, CancellationToken cancel)
    {
        using var done = await client.SendAsync(
            isLonger ? "IncreaseStreamRetentionPeriod" : "DecreaseStreamRetentionPeriod",
            json =>
            {
                json.WriteString("StreamName"u8, stream);
                json.WriteNumber("RetentionPeriodHours"u8, hours);
            },
            cancel);
    }

    /// <summary>False when there is none of that name.</summary>
    public async Task<bool> DeleteAsync(string stream, CancellationToken cancel)
    {
        try
        {
            using var done = await client.SendAsync("DeleteStream", json => json.WriteString("StreamName"u8, stream), cancel);
            return true;
        }
        catch (KinesisException fault) when (fault.Code == KinesisErrors.NotFound)
        {
            return false;
        }
    }

    private static ListedShard ShardOf(JsonElement shard)
    {
        string?[] parents = [Text(shard, "ParentShardId"), Text(shard, "AdjacentParentShardId")];
        var isClosed = Text(shard.GetProperty("SequenceNumberRange"), "EndingSequenceNumber") is not null;
        return new ListedShard(Text(shard, "ShardId")!, [.. parents.OfType<string>()], Text(shard.GetProperty("HashKeyRange"), "StartingHashKey")!, isClosed);
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

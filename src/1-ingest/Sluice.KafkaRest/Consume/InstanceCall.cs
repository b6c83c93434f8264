using System.Text.Json;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.Consume;

/// <summary>The frame of the endpoints that act on one instance.</summary>
internal static class InstanceCall
{
    /// <summary>Runs the action on the instance of the path and answers its error, 40403, or 204.</summary>
    public static async Task ChangeAsync(RestRequest request, Func<ConsumerGroup, ConsumerInstance, ValueTask<RestError?>> action)
    {
        if (await TryAsync(request, action)) RestResponse.WriteNoContent(request.Http);
    }

    /// <summary>Runs the action on the instance of the path; false after its error or 40403 has been written.</summary>
    public static async ValueTask<bool> TryAsync(RestRequest request, Func<ConsumerGroup, ConsumerInstance, ValueTask<RestError?>> action)
    {
        RestError? error = null;
        var found = await request.Services.Consumers.UseAsync(
            request.Values.First, request.Values.Second, async (group, instance) => error = await action(group, instance), request.Cancel);
        if (!found) error = RestError.ConsumerNotFound;
        if (error is not null) RestResponse.WriteError(request.Http, error);
        return error is null;
    }

    /// <summary>The partitions in a list of the body; null after the refusal has been written.</summary>
    public static async ValueTask<List<PartitionEntry>?> ReadEntriesAsync(RestRequest request, params string[] lists)
    {
        var (body, error) = await RequestJson.ReadAsync(request, lists);
        if (error is null && body.ValueKind == JsonValueKind.Undefined) error = RestError.NullPayload;
        var entries = new List<PartitionEntry>();
        foreach (var list in lists)
        {
            if (error is not null || !RequestJson.TryGet(body, list, out var array)) continue;
            error = PartitionEntry.AddAll(entries, list, array);
        }

        if (error is null) return entries;
        RestResponse.WriteError(request.Http, error);
        return null;
    }

    public static async ValueTask<RestError?> MissingAsync(ILog log, IEnumerable<TopicPartition> partitions, CancellationToken cancel)
    {
        foreach (var partition in partitions)
        {
            var topic = await log.FindTopicAsync(partition.Topic, cancel);
            if (topic is null) return RestError.TopicNotFound;
            if (partition.Partition >= topic.PartitionCount) return RestError.PartitionNotFound;
        }

        return null;
    }
}

/// <summary>One object of a list such as <c>{"topic":t,"partition":p,"offset":o,"metadata":m}</c>.</summary>
internal sealed record PartitionEntry(TopicPartition Partition, long? Offset, DateTimeOffset? Timestamp, string Metadata)
{
    public static RestError? AddAll(List<PartitionEntry> entries, string list, JsonElement array)
    {
        if (array.ValueKind != JsonValueKind.Array) return RestError.BadRequest($"{list} must be an array.");
        foreach (var entry in array.EnumerateArray())
        {
            if (RequestJson.Unknown(entry, "topic", "partition", "offset", "timestamp", "metadata") is { } unknown) return unknown;
            var topic = RequestJson.Text(entry, "topic");
            if (string.IsNullOrEmpty(topic)) return RestError.Unprocessable($"{list}.topic may not be empty");
            if (RequestJson.Number(entry, "partition") is not { } partition || partition is < 0 or > int.MaxValue)
                return RestError.Unprocessable($"{list}.partition must be greater than or equal to 0");
            if (list == "offsets" && RequestJson.Number(entry, "offset") is not (>= 0 and < long.MaxValue))
                return RestError.Unprocessable($"{list}.offset must be greater than or equal to 0");
            var (time, error) = list == "timestamps" ? TimeOf(entry) : default;
            if (error is not null) return error;
            entries.Add(new PartitionEntry(
                new TopicPartition(topic, (int)partition),
                list == "offsets" ? RequestJson.Number(entry, "offset") : null,
                time,
                RequestJson.Text(entry, "metadata") ?? ""));
        }

        return null;
    }

    private static (DateTimeOffset? Time, RestError? Error) TimeOf(JsonElement entry) =>
        RequestJson.TryGet(entry, "timestamp", out var text) && text.ValueKind == JsonValueKind.String && text.TryGetDateTimeOffset(out var time)
            ? (time, null)
            : (null, RestError.BadRequest("timestamps.timestamp must be an ISO-8601 time with its zone, such as 2026-01-31T12:00:00Z."));
}

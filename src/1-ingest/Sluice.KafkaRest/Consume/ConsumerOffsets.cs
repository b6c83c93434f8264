using System.Text.Json;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.Consume;

/// <summary><c>POST .../offsets</c> commits, <c>GET .../offsets</c> (with a body) tells what the group committed.</summary>
internal static class ConsumerOffsets
{
    public static async Task CommitAsync(RestRequest request)
    {
        var (body, error) = await RequestJson.ReadAsync(request, "offsets");
        var entries = new List<PartitionEntry>();
        var all = !RequestJson.TryGet(body, "offsets", out var array);
        if (error is null && !all) error = PartitionEntry.AddAll(entries, "offsets", array);
        if (error is not null)
        {
            RestResponse.WriteError(request.Http, error);
            return;
        }

        var done = await InstanceCall.TryAsync(request, async (_, instance) =>
        {
            if (!all) return await CommitEntriesAsync(request, instance, entries);
            instance.Acknowledge();
            await request.Services.Consumers.CommitPositionsAsync(instance, request.Cancel);
            return null;
        });
        if (done) RestResponse.Write(request.Http, StatusCodes.Status200OK, Negotiation.V2, "[]"u8);
    }

    public static async Task GetCommittedAsync(RestRequest request)
    {
        if (await InstanceCall.ReadEntriesAsync(request, "partitions") is not { } entries) return;
        var committed = new List<CommittedOffset>();
        var found = await InstanceCall.TryAsync(request, async (_, instance) =>
        {
            var wanted = entries.Select(e => e.Partition).ToHashSet();
            committed.AddRange((await request.Services.Log.CommittedOffsetsAsync(instance.Group, request.Cancel)).Where(c => wanted.Contains(c.Partition)));
            return null;
        });
        if (!found) return;
        RestResponse.WriteJson(request.Http, committed, static (writer, committed) =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("offsets"u8);
            foreach (var offset in committed) Write(writer, offset);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static void Write(Utf8JsonWriter writer, CommittedOffset committed)
    {
        writer.WriteStartObject();
        writer.WriteString("topic"u8, committed.Partition.Topic);
        writer.WriteNumber("partition"u8, committed.Partition.Partition);
        writer.WriteNumber("offset"u8, committed.Offset);
        writer.WriteString("metadata"u8, committed.Metadata);
        writer.WriteEndObject();
    }

    private static async ValueTask<RestError?> CommitEntriesAsync(RestRequest request, ConsumerInstance instance, List<PartitionEntry> entries)
    {
        if (await InstanceCall.MissingAsync(request.Services.Log, entries.Select(e => e.Partition), request.Cancel) is { } missing) return missing;
        if (entries.Count == 0) return null;

        // A client of the official proxy names the last record it has done with; the group commits the one after it.
        var nowMs = request.Services.Time.GetUtcNow().ToUnixTimeMilliseconds();
        await request.Services.Log.CommitOffsetsAsync(
            instance.Group,
            [.. entries.Select(e => new CommittedOffset(e.Partition, e.Offset!.Value + 1, e.Metadata) { CommittedMs = nowMs })],
            request.Cancel);
        foreach (var entry in entries)
        {
            instance.Find(entry.Partition)?.Commit(entry.Offset!.Value + 1);
        }

        return null;
    }
}

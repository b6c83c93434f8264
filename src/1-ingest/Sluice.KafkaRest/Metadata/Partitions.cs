using System.Globalization;
using System.Text.Json;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.Metadata;

/// <summary><c>GET /topics/{topic}/partitions</c>, <c>.../{partition}</c> and <c>.../{partition}/offsets</c>.</summary>
internal static class Partitions
{
    private const int NoLeader = -1;

    public static async Task ListAsync(RestRequest request)
    {
        if (await FindAllAsync(request) is { } partitions)
            RestResponse.WriteJson(request.Http, partitions, static (writer, partitions) => WriteAll(writer, partitions));
        else
            RestResponse.WriteError(request.Http, RestError.TopicNotFound);
    }

    public static async Task GetAsync(RestRequest request)
    {
        if (await FindAsync(request) is { } partition) RestResponse.WriteJson(request.Http, partition, Write);
    }

    public static async Task GetOffsetsAsync(RestRequest request)
    {
        if (await FindAsync(request) is not { Partition: var partition }) return;
        var offsets = await request.Services.Log.OffsetsAsync(partition, request.Cancel);
        RestResponse.WriteJson(request.Http, offsets, static (writer, offsets) =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("beginning_offset"u8, offsets.Start);
            writer.WriteNumber("end_offset"u8, offsets.End);
            writer.WriteEndObject();
        });
    }

    /// <summary>The partitions of the topic in the path; null when there is no such topic.</summary>
    public static async ValueTask<IReadOnlyList<PartitionReplicas>?> FindAllAsync(RestRequest request)
    {
        var topic = request.Values.First;
        return (await request.Services.Admin.ReplicasAsync([topic], request.Cancel)).GetValueOrDefault(topic);
    }

    public static void WriteAll(Utf8JsonWriter writer, IReadOnlyList<PartitionReplicas> partitions)
    {
        writer.WriteStartArray();
        foreach (var partition in partitions) Write(writer, partition);
        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, PartitionReplicas partition)
    {
        writer.WriteStartObject();
        writer.WriteNumber("partition"u8, partition.Partition.Partition);
        writer.WriteNumber("leader"u8, partition.Leader ?? NoLeader);
        writer.WriteStartArray("replicas"u8);
        foreach (var broker in partition.Replicas)
        {
            writer.WriteStartObject();
            writer.WriteNumber("broker"u8, broker);
            writer.WriteBoolean("leader"u8, broker == partition.Leader);
            writer.WriteBoolean("in_sync"u8, partition.InSync.Contains(broker));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>The partition of the path, or null after the refusal has been written.</summary>
    private static async ValueTask<PartitionReplicas?> FindAsync(RestRequest request)
    {
        if (!int.TryParse(request.Values.Second, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            RestResponse.WriteEarlyError(request.Http, RestError.NotFound);
            return null;
        }

        var partitions = await FindAllAsync(request);
        if (partitions?.FirstOrDefault(p => p.Partition.Partition == number) is { } partition) return partition;
        RestResponse.WriteError(request.Http, partitions is null ? RestError.TopicNotFound : RestError.PartitionNotFound);
        return null;
    }
}

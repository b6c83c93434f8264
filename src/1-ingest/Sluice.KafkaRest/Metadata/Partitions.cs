using System.Globalization;
using System.Text.Json;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.Metadata;

/// <summary><c>GET /topics/{topic}/partitions</c>, <c>.../{partition}</c> and <c>.../{partition}/offsets</c>.</summary>
internal static class Partitions
{
    public static async Task ListAsync(RestRequest request)
    {
        var topic = await request.Services.Log.FindTopicAsync(request.Values.First, request.Cancel);
        if (topic is null)
        {
            RestResponse.WriteError(request.Http, RestError.TopicNotFound);
            return;
        }

        RestResponse.WriteJson(request.Http, (topic.PartitionCount, request.Services.Options.BrokerId), static (writer, subject) =>
        {
            writer.WriteStartArray();
            for (var i = 0; i < subject.PartitionCount; i++) WritePartition(writer, i, subject.BrokerId);
            writer.WriteEndArray();
        });
    }

    public static async Task GetAsync(RestRequest request)
    {
        if (await FindAsync(request) is { } partition)
        {
            RestResponse.WriteJson(
                request.Http,
                (partition.Partition, request.Services.Options.BrokerId),
                static (writer, subject) => WritePartition(writer, subject.Partition, subject.BrokerId));
        }
    }

    public static async Task GetOffsetsAsync(RestRequest request)
    {
        if (await FindAsync(request) is not { } partition) return;
        var offsets = await request.Services.Log.OffsetsAsync(partition, request.Cancel);
        RestResponse.WriteJson(request.Http, offsets, static (writer, offsets) =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("beginning_offset"u8, offsets.Start);
            writer.WriteNumber("end_offset"u8, offsets.End);
            writer.WriteEndObject();
        });
    }

    public static void WritePartition(Utf8JsonWriter writer, int partition, int broker)
    {
        writer.WriteStartObject();
        writer.WriteNumber("partition"u8, partition);
        writer.WriteNumber("leader"u8, broker);
        writer.WriteStartArray("replicas"u8);
        writer.WriteStartObject();
        writer.WriteNumber("broker"u8, broker);
        writer.WriteBoolean("leader"u8, true);
        writer.WriteBoolean("in_sync"u8, true);
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>The partition of the path, or null after the refusal has been written.</summary>
    private static async ValueTask<TopicPartition?> FindAsync(RestRequest request)
    {
        if (!int.TryParse(request.Values.Second, NumberStyles.None, CultureInfo.InvariantCulture, out var partition))
        {
            RestResponse.WriteEarlyError(request.Http, RestError.NotFound);
            return null;
        }

        var topic = await request.Services.Log.FindTopicAsync(request.Values.First, request.Cancel);
        if (topic is not null && partition < topic.PartitionCount) return new TopicPartition(topic.Name, partition);
        RestResponse.WriteError(request.Http, topic is null ? RestError.TopicNotFound : RestError.PartitionNotFound);
        return null;
    }
}

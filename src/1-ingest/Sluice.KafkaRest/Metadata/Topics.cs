using Sluice.KafkaRest.Http;

namespace Sluice.KafkaRest.Metadata;

/// <summary><c>GET /topics</c> and <c>GET /topics/{topic}</c>.</summary>
internal static class Topics
{
    public static async Task ListAsync(RestRequest request)
    {
        var topics = await request.Services.Log.ListTopicsAsync(request.Cancel);
        RestResponse.WriteJson(request.Http, topics, static (writer, topics) =>
        {
            writer.WriteStartArray();
            foreach (var topic in topics) writer.WriteStringValue(topic.Name);
            writer.WriteEndArray();
        });
    }

    public static async Task GetAsync(RestRequest request)
    {
        var topic = await request.Services.Log.FindTopicAsync(request.Values.First, request.Cancel);
        if (topic is null)
        {
            RestResponse.WriteError(request.Http, RestError.TopicNotFound);
            return;
        }

        RestResponse.WriteJson(request.Http, (topic, request.Services.Options.BrokerId), static (writer, subject) =>
        {
            var (topic, broker) = subject;
            writer.WriteStartObject();
            writer.WriteString("name"u8, topic.Name);
            writer.WriteStartObject("configs"u8);
            foreach (var (name, value) in topic.Configs) writer.WriteString(name, value);
            writer.WriteEndObject();
            writer.WriteStartArray("partitions"u8);
            for (var i = 0; i < topic.PartitionCount; i++) Partitions.WritePartition(writer, i, broker);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }
}

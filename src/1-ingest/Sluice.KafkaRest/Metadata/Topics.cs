using Sluice.KafkaRest.Http;
using Sluice.Log;

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
        var name = request.Values.First;
        var resource = ConfigResource.Topic(name);
        var partitions = await Partitions.FindAllAsync(request);
        var configs = (await request.Services.Admin.DescribeConfigsAsync([resource], request.Cancel)).GetValueOrDefault(resource);
        if (partitions is null || configs is null)
        {
            RestResponse.WriteError(request.Http, RestError.TopicNotFound);
            return;
        }

        RestResponse.WriteJson(request.Http, (name, configs, partitions), static (writer, topic) =>
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, topic.name);
            writer.WriteStartObject("configs"u8);
            foreach (var config in topic.configs) writer.WriteString(config.Name, config.Value);
            writer.WriteEndObject();
            writer.WritePropertyName("partitions"u8);
            Partitions.WriteAll(writer, topic.partitions);
            writer.WriteEndObject();
        });
    }
}

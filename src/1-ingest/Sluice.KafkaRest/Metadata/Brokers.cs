using Sluice.KafkaRest.Http;

namespace Sluice.KafkaRest.Metadata;

/// <summary><c>GET /brokers</c>: <c>{"brokers":[1]}</c>.</summary>
internal static class Brokers
{
    public static async Task ListAsync(RestRequest request)
    {
        var cluster = await request.Services.Admin.DescribeClusterAsync(request.Cancel);
        RestResponse.WriteJson(request.Http, cluster.Brokers, static (writer, brokers) =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("brokers"u8);
            foreach (var broker in brokers) writer.WriteNumberValue(broker.Id);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }
}

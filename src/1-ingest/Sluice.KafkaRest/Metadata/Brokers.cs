using Sluice.KafkaRest.Http;

namespace Sluice.KafkaRest.Metadata;

/// <summary><c>GET /brokers</c>: <c>{"brokers":[1]}</c>.</summary>
internal static class Brokers
{
    public static Task ListAsync(RestRequest request)
    {
        RestResponse.WriteJson(request.Http, request.Services.Options.BrokerId, static (writer, broker) =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("brokers"u8);
            writer.WriteNumberValue(broker);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
        return Task.CompletedTask;
    }
}

using Sluice.KafkaRest.Http;

namespace Sluice.KafkaRest.Consume;

/// <summary><c>POST /consumers/{group}</c> and <c>DELETE /consumers/{group}/instances/{instance}</c>.</summary>
internal static class Instances
{
    public static async Task CreateAsync(RestRequest request)
    {
        var (body, error) = await RequestJson.ReadAsync(request, ConsumerSettings.Fields);
        if (error is not null)
        {
            RestResponse.WriteError(request.Http, error);
            return;
        }

        var (settings, name, invalid) = ConsumerSettings.Parse(body);
        name ??= $"rest-consumer-{Guid.NewGuid()}";
        error = invalid ?? await request.Services.Consumers.CreateAsync(request.Values.First, name, settings!, request.Cancel);
        if (error is not null)
        {
            RestResponse.WriteError(request.Http, error);
            return;
        }

        RestResponse.WriteJson(request.Http, (Name: name, Uri: BaseUri(request, name)), static (writer, instance) =>
        {
            writer.WriteStartObject();
            writer.WriteString("instance_id"u8, instance.Name);
            writer.WriteString("base_uri"u8, instance.Uri);
            writer.WriteEndObject();
        });
    }

    public static async Task DeleteAsync(RestRequest request)
    {
        if (await request.Services.Consumers.DeleteAsync(request.Values.First, request.Values.Second, request.Cancel))
            RestResponse.WriteNoContent(request.Http);
        else
            RestResponse.WriteError(request.Http, RestError.ConsumerNotFound);
    }

    private static string BaseUri(RestRequest request, string name)
    {
        var http = request.Http.Request;
        var origin = request.Services.Options.AdvertisedListener?.GetLeftPart(UriPartial.Authority) ?? $"{http.Scheme}://{http.Host}";
        return $"{origin}/consumers/{Uri.EscapeDataString(request.Values.First)}/instances/{Uri.EscapeDataString(name)}";
    }
}

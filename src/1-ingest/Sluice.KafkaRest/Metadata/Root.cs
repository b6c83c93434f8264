using Sluice.KafkaRest.Http;

namespace Sluice.KafkaRest.Metadata;

/// <summary><c>GET /</c> and <c>POST /</c>: an empty object, for liveness.</summary>
internal static class Root
{
    public static Task GetAsync(RestRequest request)
    {
        RestResponse.Write(request.Http, StatusCodes.Status200OK, Negotiation.V2, "{}"u8);
        return Task.CompletedTask;
    }
}

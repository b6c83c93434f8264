using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Sluice.KafkaRest.Consume;
using Sluice.KafkaRest.Http;
using Sluice.KafkaRest.Metadata;
using Sluice.KafkaRest.Produce;
using Sluice.KafkaRest.V3;
using Sluice.Log;

namespace Sluice.KafkaRest;

/// <summary>
/// The Kafka REST Proxy APIs v2 and v3 over a log (https://docs.confluent.io/platform/current/kafka-rest/api.html): produce, consumers,
/// clusters, brokers, topics, partitions, offsets. Records are binary, json or (v3) string.
/// </summary>
/// <remarks>
/// A produce is answered after the log has stored the records. The error texts, numbers and statuses are those of the Confluent
/// proxy, with one addition: a request of which not one record was stored is never answered 200.
/// </remarks>
public sealed partial class KafkaRestProxy
{
    private static readonly RouteTable s_routes = new([.. V2Routes(), .. ConsumerRoutes.All(), .. V3Routes.All()]);

    private readonly RestServices _services;

    public KafkaRestProxy(ILog log, KafkaRestOptions options, TimeProvider time, ILogger logger)
    {
        _services = new RestServices(log, options, time, logger);
    }

    /// <summary>
    /// Answers one request, whatever it holds. Throws only when the caller gave the request up: a cancelled
    /// <see cref="HttpContext.RequestAborted"/>, or an <see cref="IOException"/> of a body that the caller put in.
    /// </summary>
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            if (Choose(http, out var values) is { } endpoint) await endpoint.Action(new RestRequest(http, _services, values));
        }
        catch (Exception gone) when (gone is ConnectionResetException or ConnectionAbortedException)
        {
            // There is nobody to answer any more; the status is for the access log.
            if (!http.Response.HasStarted) http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        catch (BadHttpRequestException refused) when (!http.Response.HasStarted)
        {
            RestResponse.WriteError(http, RestError.FromServer(refused.StatusCode, refused.Message));
        }
        catch (Exception unexpected) when (unexpected is not (OperationCanceledException or IOException) && !http.Response.HasStarted)
        {
            LogUnexpected(_services.Logger, unexpected, http.Request.Method, http.Request.Path);
            RestResponse.WriteError(http, RestError.Internal);
        }
    }

    private static Route[] V2Routes() =>
    [
        new Route(
            "/topics/{topic}",
            new RouteMethod("POST", RequestEntity.Embedded, ProduceRecords.ToTopicAsync),
            new RouteMethod("GET", RequestEntity.Ignored, Topics.GetAsync)),
        new Route(
            "/topics/{topic}/partitions/{partition}",
            new RouteMethod("POST", RequestEntity.Embedded, ProduceRecords.ToPartitionAsync),
            new RouteMethod("GET", RequestEntity.Ignored, Partitions.GetAsync)),
        new Route("/topics/{topic}/partitions/{partition}/offsets", new RouteMethod("GET", RequestEntity.Ignored, Partitions.GetOffsetsAsync)),
        new Route("/topics/{topic}/partitions", new RouteMethod("GET", RequestEntity.Ignored, Partitions.ListAsync)),
        new Route("/topics", new RouteMethod("GET", RequestEntity.Ignored, Topics.ListAsync)),
        new Route("/brokers", new RouteMethod("GET", RequestEntity.Ignored, Brokers.ListAsync)),
        new Route(
            "/",
            new RouteMethod("GET", RequestEntity.Ignored, Root.GetAsync),
            new RouteMethod("POST", RequestEntity.V2, Root.GetAsync)),
    ];

    /// <summary>The endpoint, or null after the refusal has been written: 404, 405, 415, 406, in the order of JAX-RS.</summary>
    private static RouteMethod? Choose(HttpContext http, out RouteValues values)
    {
        var request = http.Request;
        var route = s_routes.Find(request.Path.Value, out values);
        if (route is null) return Refuse(http, RestError.NotFound);
        if (route.Find(request.Method) is not { } endpoint) return RefuseMethod(http, route);
        var understood = endpoint.Entity switch
        {
            RequestEntity.Embedded => Negotiation.FormatOf(request.ContentType) != EmbeddedFormat.None,
            RequestEntity.V2 => Negotiation.IsV2Entity(request.ContentType),
            RequestEntity.Consumer => Negotiation.IsConsumerEntity(request.ContentType),
            RequestEntity.Json => Negotiation.IsJsonEntity(request.ContentType),
            _ => true,
        };
        if (!understood) return Refuse(http, RestError.UnsupportedMediaType);
        var accepted = endpoint.Response switch
        {
            ResponseEntity.V2 => Negotiation.AcceptsV2(request.Headers.Accept),
            ResponseEntity.Json => Negotiation.AcceptsJson(request.Headers.Accept),
            _ => true,
        };
        return accepted ? endpoint : Refuse(http, RestError.NotAcceptable);
    }

    private static RouteMethod? RefuseMethod(HttpContext http, Route route)
    {
        http.Response.Headers.Allow = route.Allow;
        if (!HttpMethods.IsOptions(http.Request.Method)) return Refuse(http, RestError.MethodNotAllowed);
        http.Response.ContentLength = 0;
        return null;
    }

    private static RouteMethod? Refuse(HttpContext http, RestError error)
    {
        RestResponse.WriteEarlyError(http, error);
        return null;
    }

    [LoggerMessage(10, LogLevel.Error, "{Method} {Path} failed.")]
    private static partial void LogUnexpected(ILogger logger, Exception unexpected, string method, string path);
}

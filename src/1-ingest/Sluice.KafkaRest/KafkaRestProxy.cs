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
    private static readonly Route[] s_all = [.. V2Routes(), .. ConsumerRoutes.All(), .. V3Routes.All()];
    private static readonly RouteTable s_routes = new(s_all);

    private readonly RestServices _services;
    private readonly EndpointAccess _access;

    /// <param name="log">What is produced to and consumed from.</param>
    /// <param name="admin">What administers the same log; as a rule the same object.</param>
    /// <param name="options">Checked by <see cref="FaultsOf"/>.</param>
    public KafkaRestProxy(ILog log, ILogAdmin admin, KafkaRestOptions options, TimeProvider time, ILogger logger)
    {
        _services = new RestServices(log, admin, options, time, logger);
        _access = new EndpointAccess(options.EndpointsAllowed, options.EndpointsBlocked);
    }

    /// <summary>What is wrong with the options, each in words for the user; none when they can be used.</summary>
    public static IEnumerable<string> FaultsOf(KafkaRestOptions options)
    {
        var endpoints = s_all.SelectMany(r => r.Methods).ToArray();
        foreach (var name in new EndpointAccess(options.EndpointsAllowed, options.EndpointsBlocked).Unknown(endpoints))
            yield return $"'{name}' names no endpoint of the REST proxy. Names are such as api.v3.topics.create or api.v3.topics.*.";
        foreach (var name in options.RateLimitCosts.Keys.Where(n => !Array.Exists(endpoints, e => e.Name == n)))
            yield return $"The rate limit cost of '{name}' is for no endpoint of the REST proxy. Names are such as api.v3.topics.create.";
        if (options.RateLimitPermitsPerSecond < 1 || options.ProduceRequestsPerSecondMax < 1 || options.ProduceBytesPerSecondMax < 1)
            yield return "A rate limit must let at least 1 permit, record or byte through a second.";
        if (options.RateLimitCosts.Values.Any(cost => cost < 0)) yield return "A rate limit cost must be 0 or more.";
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
        catch (LogUnavailableException unavailable) when (!http.Response.HasStarted)
        {
            LogUnavailable(_services.Logger, unavailable, http.Request.Method, http.Request.Path);
            RestResponse.WriteError(http, RestError.Unavailable(unavailable.Message));
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
            new RouteMethod("POST", "api.v2.produce-to-topic", RequestEntity.Embedded, ProduceRecords.ToTopicAsync),
            Get("topics.get", Topics.GetAsync)),
        new Route(
            "/topics/{topic}/partitions/{partition}",
            new RouteMethod("POST", "api.v2.produce-to-partition", RequestEntity.Embedded, ProduceRecords.ToPartitionAsync),
            Get("partitions.get", Partitions.GetAsync)),
        new Route("/topics/{topic}/partitions/{partition}/offsets", Get("partitions.get-offsets", Partitions.GetOffsetsAsync)),
        new Route("/topics/{topic}/partitions", Get("partitions.list", Partitions.ListAsync)),
        new Route("/topics", Get("topics.list", Topics.ListAsync)),
        new Route("/brokers", Get("brokers.list", Brokers.ListAsync)),
        new Route(
            "/",
            Get("root.get", Root.GetAsync),
            new RouteMethod("POST", "api.v2.root.post", RequestEntity.V2, Root.GetAsync)),
    ];

    private static RouteMethod Get(string name, RestAction action) => new("GET", "api.v2." + name, RequestEntity.Ignored, action);

    /// <summary>The endpoint, or null after the refusal has been written: 404, 405, 415, 406, in the order of JAX-RS.</summary>
    private RouteMethod? Choose(HttpContext http, out RouteValues values)
    {
        var request = http.Request;
        var route = s_routes.Find(request.Path.Value, out values);
        if (route is null) return Refuse(http, RestError.NotFound);
        if (route.Find(request.Method) is not { } endpoint) return RefuseMethod(http, route);
        if (!_access.IsOpen(endpoint, request)) return Refuse(http, endpoint.Method == "GET" ? RestError.NotFound : RestError.MethodNotAllowed);
        if (!_services.RateLimits.TryRequest(endpoint)) return Refuse(http, RestError.RateLimitExceeded);
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

    [LoggerMessage(11, LogLevel.Warning, "{Method} {Path} was not answered by the log.")]
    private static partial void LogUnavailable(ILogger logger, Exception unavailable, string method, string path);

    [LoggerMessage(10, LogLevel.Error, "{Method} {Path} failed.")]
    private static partial void LogUnexpected(ILogger logger, Exception unexpected, string method, string path);
}

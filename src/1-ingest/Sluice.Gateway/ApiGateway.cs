using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Sluice.Gateway.AccessLog;
using Sluice.Gateway.Admission;
using Sluice.Gateway.Config;
using Sluice.Gateway.Integrations;

namespace Sluice.Gateway;

/// <summary>What a gateway is made with.</summary>
public sealed record GatewayOptions
{
    /// <summary>The checked configuration.</summary>
    public required GatewayModel Model { get; init; }

    /// <summary>Where the access log goes, one JSON line per request; null for none. It stays the giver's to close.</summary>
    public Stream? AccessLog { get; init; }
}

/// <summary>
/// A REST API of Amazon API Gateway: stages, routes, API keys, throttles, payload limit, integration timeout, CORS, access log
/// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-rest-api.html).
/// </summary>
/// <remarks>
/// A request passes, in this order: stage and route, CORS preflight, API key, throttle of the key, throttle of the stage,
/// payload limit, integration. Dispose it after the server has stopped: the access log is then written out.
/// </remarks>
public sealed class ApiGateway : IAsyncDisposable
{
    private readonly GatewayModel _model;
    private readonly TimeProvider _time;
    private readonly FrozenDictionary<string, StageModel>.AlternateLookup<ReadOnlySpan<char>> _stages;
    private readonly ApiKeyRing _keys;
    private readonly Dictionary<string, TokenBucket> _stageBuckets = new(StringComparer.Ordinal);
    private readonly IntegrationSet _integrations;
    private readonly DeadlinePool _deadlines;
    private readonly AccessLogWriter? _accessLog;
    private readonly RequestIds _ids = new();

    /// <exception cref="ArgumentException">The model names a service that is not among <paramref name="services"/>.</exception>
    public ApiGateway(
        GatewayOptions options, IReadOnlyDictionary<string, RequestDelegate> services, TimeProvider time, ILogger logger)
    {
        _model = options.Model;
        _time = time;
        _stages = _model.Stages.GetAlternateLookup<ReadOnlySpan<char>>();
        _keys = new ApiKeyRing(_model.Config.ApiKeys, time);
        _integrations = new IntegrationSet(_model, services, time, logger);
        _deadlines = new DeadlinePool(TimeSpan.FromSeconds(_model.Config.IntegrationTimeoutSeconds), time);
        foreach (var stage in _model.Stages.Values)
        {
            if (stage.Config.Throttle is { } throttle) _stageBuckets.Add(stage.Name, new TokenBucket(throttle, time));
        }

        if (options.AccessLog is not null) _accessLog = new AccessLogWriter(options.AccessLog, logger);
    }

    /// <summary>Answers one request.</summary>
    public async Task InvokeAsync(HttpContext http)
    {
        var started = _time.GetTimestamp();
        var entry = Begin(http);
        var isAnswered = false;
        try
        {
            var answer = Admit(http, entry, out var call);
            if (call is { } admitted) answer = await IntegrateAsync(admitted, entry);
            entry.Error = answer?.Type;
            answer?.Write(http);
            isAnswered = true;
        }
        finally
        {
            entry.Status = isAnswered ? http.Response.StatusCode : StatusCodes.Status499ClientClosedRequest;
            entry.ResponseLength = http.Response.ContentLength;
            entry.Latency = _time.GetElapsedTime(started);
            _accessLog?.Add(entry);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _integrations.DisposeAsync();
        if (_accessLog is not null) await _accessLog.DisposeAsync();
    }

    private AccessLogEntry Begin(HttpContext http)
    {
        var (requestId, extendedId) = _ids.Next();
        http.Response.Headers["x-amzn-RequestId"] = requestId;
        http.Response.Headers["x-amz-apigw-id"] = extendedId;
        return new AccessLogEntry
        {
            RequestId = requestId,
            Method = http.Request.Method,
            Path = http.Request.Path.Value ?? "",
            Query = http.Request.QueryString.Value,
            Ip = http.Connection.RemoteIpAddress,
            Time = _time.GetUtcNow(),
        };
    }

    /// <summary>Lets the request in, giving the call; or gives the answer to it; or, after a preflight, neither.</summary>
    private GatewayResponse? Admit(HttpContext http, AccessLogEntry entry, out GatewayCall? call)
    {
        call = null;
        if (StageOf(entry.Path) is not { } stage) return GatewayResponse.MissingAuthenticationToken;
        entry.Stage = stage.Name;
        if (stage.Config.Cors is { } cors)
        {
            Cors.AddHeaders(http, cors);
            if (Cors.IsPreflight(http))
            {
                Cors.AnswerPreflight(http, cors);
                return null;
            }
        }

        if (RouteOf(stage, entry) is not { } route) return GatewayResponse.MissingAuthenticationToken;
        var key = _keys.Find(http.Request.Headers["x-api-key"]);
        if (key?.Opens(stage.Name) == false) key = null;
        entry.KeyId = key?.Id;
        if (route.ApiKeyRequired && key is null) return GatewayResponse.InvalidApiKey;
        if (key?.Bucket?.TryTake() == false) return GatewayResponse.Throttled;
        if (_stageBuckets.TryGetValue(stage.Name, out var bucket) && !bucket.TryTake()) return GatewayResponse.Throttled;
        if (http.Request.ContentLength > _model.Config.PayloadBytesMax) return GatewayResponse.RequestTooLarge;
        call = new GatewayCall(http, stage, route, entry.Path);
        return null;
    }

    private StageModel? StageOf(ReadOnlySpan<char> path)
    {
        if (path.IsEmpty) return null;
        path = path[1..];
        var end = path.IndexOf('/');
        var name = end < 0 ? path : path[..end];
        return _stages.TryGetValue(name, out var stage) ? stage : null;
    }

    /// <summary>
    /// The most specific route that takes path and method together, as API Gateway chooses: a path that lacks the method does not hide a wider
    /// one that has it (measured there: https://github.com/ministackorg/ministack/pull/1423, https://github.com/localstack/localstack/pull/9208).
    /// </summary>
    private static RouteModel? RouteOf(StageModel stage, AccessLogEntry entry)
    {
        var path = entry.Path.AsSpan(stage.PathBase.Length);
        foreach (var route in stage.Routes)
        {
            if (route.Takes(entry.Method, path)) return route;
        }

        return null;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<GatewayResponse?> IntegrateAsync(GatewayCall call, AccessLogEntry entry)
    {
        var started = _time.GetTimestamp();
        var limited = LimitBody(call.Http);
        var deadline = _deadlines.Start();
        try
        {
            var answer = await _integrations.Of(call.Route).InvokeAsync(call, deadline.Token);
            return limited is { IsExceeded: true } ? GatewayResponse.RequestTooLarge : answer;
        }
        finally
        {
            _deadlines.End(deadline);
            entry.IntegrationLatency = _time.GetElapsedTime(started);
        }
    }

    /// <summary>A body whose length is not declared is counted while it is read.</summary>
    private LimitedBody? LimitBody(HttpContext http)
    {
        if (http.Request.ContentLength is not null) return null;
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true }) return null;
        var limited = new LimitedBody(http.Request.Body, _model.Config.PayloadBytesMax);
        http.Request.Body = limited;
        return limited;
    }
}

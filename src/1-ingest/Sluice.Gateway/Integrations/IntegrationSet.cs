using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sluice.Bytes;
using Sluice.Gateway.Config;
using Sluice.Gateway.Kinesis;
using Sluice.SigV4;
using Yarp.ReverseProxy.Forwarder;

namespace Sluice.Gateway.Integrations;

/// <summary>The integration of each route, and the one HTTP client that all of them share.</summary>
internal sealed class IntegrationSet : IAsyncDisposable
{
    private static readonly TimeSpan s_connectTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_connectionLifetime = TimeSpan.FromMinutes(5);

    private readonly Dictionary<RouteModel, Integration> _ofRoute = new(ReferenceEqualityComparer.Instance);
    private readonly ByteBudget _largeBodies = new(GatewayLimits.LargeBodiesInFlight, GatewayLimits.LargeBodiesWaiting);
    private readonly ServiceProvider _forwarding;
    private readonly HttpMessageInvoker _client;

    public IntegrationSet(GatewayModel model, IReadOnlyDictionary<string, RequestDelegate> services, TimeProvider time, ILogger logger)
    {
        var sign = SigningOf(model.Config.Aws, time);
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = s_connectTimeout,
            // A name may come to mean another address.
            PooledConnectionLifetime = s_connectionLifetime,
        });
        _forwarding = new ServiceCollection().AddLogging().AddHttpForwarder().BuildServiceProvider();
        var forwarder = _forwarding.GetRequiredService<IHttpForwarder>();
        foreach (var route in model.Stages.Values.SelectMany(stage => stage.Routes))
        {
            Integration integration = (route.Action, route.Url) switch
            {
                ({ } action, { } url) => new KinesisIntegration(action, new KinesisUrlTarget(_client, url.Fill("", ""), sign, logger), _largeBodies),
                ({ } action, null) => new KinesisIntegration(action, new KinesisServiceTarget(ServiceOf(route, services, logger)), _largeBodies),
                (null, { } url) => new HttpProxyIntegration(forwarder, _client, url, logger),
                (null, null) => new ServiceIntegration(ServiceOf(route, services, logger)),
            };
            _ofRoute.Add(route, integration);
        }
    }

    public Integration Of(RouteModel route) => _ofRoute[route];

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _forwarding.DisposeAsync();
    }

    private static SignRequest? SigningOf(AwsConfig? aws, TimeProvider time)
    {
        if (aws is null) return null;
        var signer = new Signer(new SigningScope(aws.Region, "kinesis"), time);
        var credentials = new Credentials(aws.AccessKeyId, aws.SecretAccessKey, aws.SessionToken);
        return (request, body) => signer.Sign(request, body, credentials);
    }

    private static ServiceCall ServiceOf(RouteModel route, IReadOnlyDictionary<string, RequestDelegate> services, ILogger logger) =>
        services.TryGetValue(route.Integration, out var service)
            ? new ServiceCall(route.Integration, service, logger)
            : throw new ArgumentException($"The gateway's model names the service '{route.Integration}', which was not handed in.", nameof(services));
}

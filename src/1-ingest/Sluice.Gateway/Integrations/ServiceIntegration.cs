namespace Sluice.Gateway.Integrations;

/// <summary>Calls a service of this process with the same context: the stage moves from the path to the path base.</summary>
internal sealed class ServiceIntegration(ServiceCall service) : Integration
{
    public override ValueTask<GatewayResponse?> InvokeAsync(GatewayCall call, CancellationToken deadline)
    {
        var http = call.Http;
        http.Request.PathBase = new PathString(call.Stage.PathBase);
        http.Request.Path = new PathString(new string(call.PathInStage));
        return service.InvokeAsync(http, call.Path, deadline);
    }
}

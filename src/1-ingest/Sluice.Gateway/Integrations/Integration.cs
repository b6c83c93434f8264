using Sluice.Gateway.Config;

namespace Sluice.Gateway.Integrations;

/// <summary>A request that was let in, on its way to where its route leads.</summary>
internal readonly record struct GatewayCall(HttpContext Http, StageModel Stage, RouteModel Route, string Path)
{
    /// <summary>The path after the stage.</summary>
    public ReadOnlySpan<char> PathInStage => Path.AsSpan(Stage.PathBase.Length);

    /// <summary>A parameter of the route's path; empty when it has none of that name.</summary>
    public ReadOnlySpan<char> Parameter(string name) => Route.Template.ValueOf(name, PathInStage);

    /// <summary>A parameter as <c>$input.params(name)</c> finds it: of the path, else of the query, else a header; else empty.</summary>
    public string FindParameter(string name)
    {
        if (Route.Template.HasParameter(name)) return new string(Parameter(name));
        if (Http.Request.Query.TryGetValue(name, out var queried)) return queried.ToString();
        return Http.Request.Headers[name].ToString();
    }
}

/// <summary>Where a route leads: a service of this process, an HTTP server, and later others.</summary>
internal abstract class Integration
{
    /// <summary>
    /// Answers the request within the deadline. Returns null when the response is written, else what the gateway is to answer.
    /// </summary>
    public abstract ValueTask<GatewayResponse?> InvokeAsync(GatewayCall call, CancellationToken deadline);
}

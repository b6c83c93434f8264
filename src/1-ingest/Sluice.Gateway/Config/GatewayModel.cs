using System.Collections.Frozen;
using Sluice.Gateway.Admission;
using Sluice.Gateway.Kinesis;

namespace Sluice.Gateway.Config;

/// <summary>A gateway's configuration that was checked: everything in it fits together.</summary>
public sealed class GatewayModel
{
    internal GatewayModel(GatewayConfig config, IEnumerable<StageModel> stages)
    {
        Config = config;
        Stages = stages.ToFrozenDictionary(stage => stage.Name, StringComparer.Ordinal);
    }

    internal GatewayConfig Config { get; }

    internal FrozenDictionary<string, StageModel> Stages { get; }

    /// <summary>Checks a configuration; null with all its faults when it has any. Paths of faults begin with <c>gateway</c>.</summary>
    public static GatewayModel? Create(
        GatewayConfig config, IReadOnlyCollection<string> serviceNames, out IReadOnlyList<ConfigFault> faults)
    {
        var check = new GatewayConfigCheck(config, serviceNames);
        faults = check.Run();
        return faults.Count == 0 ? new GatewayModel(config, check.Stages) : null;
    }
}

/// <summary>A stage with its routes, the most specific first.</summary>
internal sealed record StageModel(string Name, StageConfig Config, IReadOnlyList<RouteModel> Routes)
{
    public string PathBase { get; } = "/" + Name;
}

/// <summary>
/// A route; <see cref="Url"/> is null when the integration is a service of this process, <see cref="Action"/> when it takes requests as they are.
/// </summary>
internal sealed record RouteModel(
    RouteTemplate Template, string Method, string Integration, UrlTemplate? Url, KinesisAction? Action, bool ApiKeyRequired)
{
    public const string AnyMethod = "ANY";

    public bool Takes(string method, ReadOnlySpan<char> path) =>
        (Method == AnyMethod || Method == method) && Template.IsMatch(path);
}

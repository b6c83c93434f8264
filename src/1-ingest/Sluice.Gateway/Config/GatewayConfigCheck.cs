using Sluice.Gateway.Admission;
using Sluice.Gateway.Kinesis;

namespace Sluice.Gateway.Config;

/// <summary>Checks a configuration as a whole: all faults are found, not only the first.</summary>
internal sealed class GatewayConfigCheck(GatewayConfig config, IReadOnlyCollection<string> serviceNames)
{
    private static readonly string[] s_methods = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

    private readonly List<ConfigFault> _faults = [];

    /// <summary>The stages, complete when <see cref="Run"/> found no fault.</summary>
    public List<StageModel> Stages { get; } = [];

    public List<ConfigFault> Run()
    {
        CheckLimits();
        if (config.Aws is { } aws) CheckAws(aws);
        if (config.Stages.Count is 0 or > GatewayLimits.StagesMax)
        {
            Add("gateway.stages", $"name 1 to {GatewayLimits.StagesMax} stages (there are {config.Stages.Count}).");
        }

        foreach (var (name, stage) in config.Stages) CheckStage($"gateway.stages.{name}", name, stage);
        CheckKeys();
        return _faults;
    }

    private void CheckLimits()
    {
        if (config.PayloadBytesMax is < 1 or > int.MaxValue)
        {
            Add("gateway.payloadBytesMax", $"must be 1 to {int.MaxValue} (is {config.PayloadBytesMax}).");
        }

        if (config.IntegrationTimeoutSeconds is not (>= GatewayLimits.IntegrationTimeoutSecondsMin and <= 3600))
        {
            Add(
                "gateway.integrationTimeoutSeconds",
                $"must be {GatewayLimits.IntegrationTimeoutSecondsMin} to 3600 (is {config.IntegrationTimeoutSeconds}).");
        }
    }

    private void CheckAws(AwsConfig aws)
    {
        if (!IsName(aws.Region)) Add("gateway.aws.region", $"'{aws.Region}' is no region; write one such as us-east-1.");
        if (aws.AccessKeyId.Length == 0) Add("gateway.aws.accessKeyId", "is missing: give the id of the access key, or leave out gateway.aws.");
        if (aws.SecretAccessKey.Length == 0) Add("gateway.aws.secretAccessKey", "is missing: give it in the environment or a file.");
    }

    private void CheckStage(string path, string name, StageConfig? stage)
    {
        if (!IsName(name)) Add(path, "a stage's name is 1 to 128 of a-z, A-Z, 0-9, - and _.");
        if (stage is null)
        {
            Add(path, "is empty: write {} for the defaults.");
            return;
        }

        if (stage.Throttle is { } throttle) CheckThrottle(path + ".throttle", throttle);
        if (stage.Cors is { } cors) CheckCors(path + ".cors", cors);
        var configs = stage.Routes.Count == 0 ? RoutesUnlessTold() : stage.Routes;
        if (configs.Count is 0 or > GatewayLimits.RoutesMax)
        {
            Add(path + ".routes", $"name 1 to {GatewayLimits.RoutesMax} routes (there are {configs.Count}).");
        }

        var routes = new List<RouteModel>();
        for (var i = 0; i < configs.Count; i++)
        {
            if (CheckRoute($"{path}.routes[{i}]", stage, configs[i], routes) is { } route) routes.Add(route);
        }

        routes.Sort((a, b) => a.Template.CompareTo(b.Template) is not 0 and var order
            ? order
            : (a.Method == RouteModel.AnyMethod).CompareTo(b.Method == RouteModel.AnyMethod));
        Stages.Add(new StageModel(name, stage, routes));
    }

    private List<RouteConfig> RoutesUnlessTold() =>
        [.. DefaultRoutes.Kafka.Concat(DefaultRoutes.Kinesis).Where(route => serviceNames.Contains(route.Integration))];

    private RouteModel? CheckRoute(string path, StageConfig stage, RouteConfig route, List<RouteModel> earlier)
    {
        var faultsBefore = _faults.Count;
        var method = route.Method.ToUpperInvariant();
        if (!s_methods.Contains(method)) Add(path + ".method", $"'{route.Method}' is not one of {string.Join(", ", s_methods)}.");
        var template = RouteTemplate.Parse(route.Path, out var templateFault);
        if (template is null) Add(path + ".path", templateFault);
        else if (earlier.Any(r => r.Method == method && r.Template.CompareTo(template) == 0 && r.Template.TakesSamePaths(template)))
        {
            Add(path, $"'{method} {route.Path}' is there already: an earlier route takes the same requests.");
        }

        var url = template is null ? null : CheckIntegration(path + ".integration", route.Integration, template);
        var action = template is null ? null : CheckAction(path + ".action", route.Action, template);
        if (_faults.Count > faultsBefore) return null;
        return new RouteModel(template!, method, route.Integration, url, action, route.ApiKeyRequired ?? stage.ApiKeyRequired);
    }

    private KinesisAction? CheckAction(string path, string? name, RouteTemplate template)
    {
        if (name is null) return null;
        if (!KinesisAction.ByName.TryGetValue(name, out var action))
        {
            Add(path, $"'{name}' is not one of {string.Join(", ", KinesisAction.ByName.Keys.Order(StringComparer.Ordinal))}.");
        }
        else if (action.NeedsStream && !template.HasParameter(KinesisAction.StreamParameter))
        {
            Add(path, $"{name} takes the stream's name from the path: give the path a segment {{{KinesisAction.StreamParameter}}}.");
        }

        return action;
    }

    private UrlTemplate? CheckIntegration(string path, string integration, RouteTemplate template)
    {
        if (serviceNames.Contains(integration)) return null;
        if (UrlTemplate.LooksLikeUrl(integration))
        {
            var url = UrlTemplate.Parse(integration, template, out var fault);
            if (url is null) Add(path, fault);
            return url;
        }

        var services = string.Join(", ", serviceNames.Order(StringComparer.Ordinal));
        Add(path, $"'{integration}' is neither an http:// or https:// URL nor a service of this process ({services}).");
        return null;
    }

    private void CheckKeys()
    {
        if (config.ApiKeys.Count > GatewayLimits.ApiKeysMax)
        {
            Add("gateway.apiKeys", $"at most {GatewayLimits.ApiKeysMax} keys (there are {config.ApiKeys.Count}).");
        }

        var idOfValue = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (id, key) in config.ApiKeys)
        {
            var path = "gateway.apiKeys." + id;
            if (key.Value.Length is < GatewayLimits.ApiKeyCharsMin or > GatewayLimits.ApiKeyCharsMax)
            {
                Add(path + ".value", $"must have {GatewayLimits.ApiKeyCharsMin} to {GatewayLimits.ApiKeyCharsMax} characters (has {key.Value.Length}).");
            }
            else if (!idOfValue.TryAdd(key.Value, id))
            {
                Add(path + ".value", $"is also the value of '{idOfValue[key.Value]}': give each key its own.");
            }

            foreach (var stage in key.Stages.Where(stage => !config.Stages.ContainsKey(stage)))
            {
                Add(path + ".stages", $"there is no stage '{stage}'.");
            }

            if (key.Throttle is { } throttle) CheckThrottle(path + ".throttle", throttle);
        }

        CheckKeysSuffice();
    }

    private void CheckKeysSuffice()
    {
        if (config.ApiKeys.Values.Any(key => key.Enabled)) return;
        foreach (var (name, stage) in config.Stages)
        {
            if (stage is { ApiKeyRequired: true } || stage?.Routes.Any(route => route.ApiKeyRequired == true) == true)
            {
                Add($"gateway.stages.{name}", "asks for an API key, but gateway.apiKeys has none that is enabled.");
            }
        }
    }

    private void CheckThrottle(string path, ThrottleConfig throttle)
    {
        if (throttle.RatePerSecond is not (> 0 and <= 1e6)) Add(path + ".ratePerSecond", $"must be above 0 and at most 1000000 (is {throttle.RatePerSecond}).");
        if (throttle.Burst is < 1 or > 1_000_000) Add(path + ".burst", $"must be 1 to 1000000 (is {throttle.Burst}).");
    }

    private void CheckCors(string path, CorsConfig cors)
    {
        foreach (var (name, value) in new[] { ("allowOrigin", cors.AllowOrigin), ("allowMethods", cors.AllowMethods), ("allowHeaders", cors.AllowHeaders) })
        {
            if (value.Length == 0 || value.Any(c => c is < ' ' or > '~')) Add($"{path}.{name}", "must be printable ASCII and not empty.");
        }

        if (cors.MaxAgeSeconds < 0) Add(path + ".maxAgeSeconds", "must not be negative.");
    }

    private static bool IsName(string name) =>
        name.Length is >= 1 and <= 128 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    private void Add(string path, string message) => _faults.Add(new ConfigFault(path, message));
}

namespace Sluice.Gateway.Config;

/// <summary>
/// The gateway as written in the configuration, every setting with its default. <see cref="GatewayModel.Create"/> checks it.
/// </summary>
/// <example><code>
/// gateway:
///   apiKeys: { posters: { value: "...", throttle: { ratePerSecond: 100, burst: 200 } } }
///   stages:
///     dev: { apiKeyRequired: true, cors: {} }
///     test: { routes: [ { path: "/{proxy+}", integration: "http://10.0.0.5:8082/{proxy}" } ] }
/// </code></example>
public sealed record GatewayConfig
{
    /// <summary>Stages by name: the first segment of every path. One stage called dev unless told.</summary>
    public Dictionary<string, StageConfig> Stages { get; init; } = new() { ["dev"] = new StageConfig() };

    /// <summary>API keys by id. The id is what the access log shows.</summary>
    public Dictionary<string, ApiKeyConfig> ApiKeys { get; init; } = [];

    /// <summary>Largest request body: 10 MB, the payload limit of API Gateway.</summary>
    public long PayloadBytesMax { get; init; } = GatewayLimits.PayloadBytes;

    /// <summary>With what requests to Kinesis at a URL are signed; null sends them unsigned, which emulators take and AWS does not.</summary>
    public AwsConfig? Aws { get; init; }

    /// <summary>How long an integration may take: 29 s, the default and usual maximum of API Gateway.</summary>
    public double IntegrationTimeoutSeconds { get; init; } = GatewayLimits.IntegrationTimeoutSeconds;
}

/// <summary>One stage: its routes, and who may call them how often.</summary>
public sealed record StageConfig
{
    /// <summary>
    /// The routes. When none is given: <see cref="DefaultRoutes.Kafka"/> and <see cref="DefaultRoutes.Kinesis"/>, as far as those services are
    /// in this process.
    /// </summary>
    public List<RouteConfig> Routes { get; init; } = [];

    /// <summary>Whether a request needs a known key in <c>x-api-key</c>; a route may say otherwise.</summary>
    public bool ApiKeyRequired { get; init; }

    /// <summary>The stage's own throttle; none unless told.</summary>
    public ThrottleConfig? Throttle { get; init; }

    /// <summary>CORS: preflights answered and headers added; off unless told.</summary>
    public CorsConfig? Cors { get; init; }
}

/// <summary>A method and path template, and where it leads.</summary>
public sealed record RouteConfig
{
    /// <summary>An HTTP method, or ANY.</summary>
    public string Method { get; init; } = "ANY";

    /// <summary>Segments are literal, <c>{name}</c>, or at the end <c>{name+}</c>, which takes all that is left.</summary>
    public string Path { get; init; } = "";

    /// <summary>
    /// The name of a service of this process, called with the path after the stage; or an http(s) URL in which
    /// <c>{name}</c> stands for the path's parameter of that name.
    /// </summary>
    public string Integration { get; init; } = "kafka-rest";

    /// <summary>
    /// An action of Kinesis (ListStreams, DescribeStream, CreateStream, DeleteStream, PutRecord, PutRecords, GetRecords, GetShardIterator):
    /// the request is mapped as the described Kinesis proxy API maps it, and sent to the integration, which is then a service that speaks
    /// Kinesis, or the URL of one. Null hands requests over as they came.
    /// </summary>
    public string? Action { get; init; }

    /// <summary>Overrides the stage's setting.</summary>
    public bool? ApiKeyRequired { get; init; }
}

/// <summary>A token bucket: requests per second on average, and how many at once.</summary>
public sealed record ThrottleConfig
{
    public double RatePerSecond { get; init; }

    public int Burst { get; init; }
}

/// <summary>An API key. Its text shows nothing of the value.</summary>
public sealed record ApiKeyConfig
{
    /// <summary>The secret that callers send: 20 to 128 characters, as API Gateway asks.</summary>
    public string Value { get; init; } = "";

    /// <summary>The stages it opens; all when empty.</summary>
    public List<string> Stages { get; init; } = [];

    /// <summary>The throttle of this key over all stages; none unless told.</summary>
    public ThrottleConfig? Throttle { get; init; }

    public bool Enabled { get; init; } = true;

    public override string ToString() => $"ApiKeyConfig {{ Enabled = {Enabled} }}";
}

/// <summary>The execution role of integrations with AWS, as an access key. Its text shows nothing of the secrets.</summary>
public sealed record AwsConfig
{
    public string Region { get; init; } = "us-east-1";

    public string AccessKeyId { get; init; } = "";

    /// <summary>From the environment (SLUICE_GATEWAY__AWS__SECRET_ACCESS_KEY) or a file.</summary>
    public string SecretAccessKey { get; init; } = "";

    /// <summary>The token of temporary credentials.</summary>
    public string? SessionToken { get; init; }

    public override string ToString() => $"AwsConfig {{ Region = {Region}, AccessKeyId = {AccessKeyId} }}";
}

/// <summary>What browsers are told. The defaults are those of the API Gateway console's "Enable CORS".</summary>
public sealed record CorsConfig
{
    public string AllowOrigin { get; init; } = "*";

    public string AllowMethods { get; init; } = "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT";

    public string AllowHeaders { get; init; } = "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token";

    /// <summary>How long a browser may keep the answer to a preflight, in seconds; not said when 0.</summary>
    public int MaxAgeSeconds { get; init; }
}

/// <summary>A fault of the configuration: where, what, and what to do.</summary>
public sealed record ConfigFault(string Path, string Message)
{
    public override string ToString() => $"{Path}: {Message}";
}

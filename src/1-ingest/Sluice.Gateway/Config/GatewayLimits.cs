namespace Sluice.Gateway.Config;

/// <summary>
/// The gateway's limits. Those of API Gateway are from
/// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html.
/// </summary>
public static class GatewayLimits
{
    /// <summary>API Gateway: 10 MB, counted as 10 x 1,048,576.</summary>
    public const long PayloadBytes = 10_485_760;

    /// <summary>API Gateway: 50 ms to 29 s, 29 s when nothing is said.</summary>
    public const double IntegrationTimeoutSeconds = 29;

    /// <summary>API Gateway's smallest integration timeout.</summary>
    public const double IntegrationTimeoutSecondsMin = 0.05;

    /// <summary>API Gateway: stages per API.</summary>
    public const int StagesMax = 10;

    /// <summary>API Gateway: resources per API.</summary>
    public const int RoutesMax = 300;

    /// <summary>API Gateway: API keys per account.</summary>
    public const int ApiKeysMax = 10_000;

    /// <summary>API Gateway: length of a key's value.</summary>
    public const int ApiKeyCharsMin = 20;

    /// <inheritdoc cref="ApiKeyCharsMin"/>
    public const int ApiKeyCharsMax = 128;

    /// <summary>First size of the buffer a body is mapped into: a row of 1 KB, in base64, with what stands around it.</summary>
    public const int MappedBytes = 2048;

    /// <summary>Bodies up to this size are bounded by the number of connections and take nothing of the memory for large ones: 64 KiB, as in Kinesis.</summary>
    public const int SmallBodyBytes = 64 * 1024;

    /// <summary>
    /// What a large body of n bytes costs while it is mapped: itself, and four thirds of it in base64, in buffers whose sizes are powers of two.
    /// </summary>
    public const int LargeBodyCost = 4;

    /// <summary>
    /// Memory that all large bodies on their way to Kinesis may take at one moment: 96 MiB, two of the largest, as much as Kinesis itself
    /// gives to large requests; the others wait.
    /// </summary>
    public const long LargeBodiesInFlight = 96L << 20;

    /// <summary>
    /// Large requests that may wait for that memory: 200. A hundred of the largest take 9 s on two busy cores, so the last one is served
    /// within the integration timeout; more are told to come back.
    /// </summary>
    public const int LargeBodiesWaiting = 200;

    /// <summary>
    /// API Gateway: iterations of a #foreach in a mapping template
    /// (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html). It keeps a body of empty records from growing tenfold.
    /// </summary>
    public const int MappedRecordsMax = 1000;

    /// <summary>
    /// Bytes of a partition key that is no text which are taken over: 4 KiB. Kinesis refuses more than 256 characters, cut or whole.
    /// </summary>
    public const int MappedKeyBytesMax = 4096;

    /// <summary>Access log lines that wait for the sink: half a second at 30,000 requests/s; more are dropped and counted.</summary>
    public const int AccessLogQueue = 16_384;

    /// <summary>Bytes of access log written at once.</summary>
    public const int AccessLogBatchBytes = 64 * 1024;
}

namespace Sluice.Gateway.Config;

/// <summary>The routes of a stage that names none: those of the described system's API.</summary>
public static class DefaultRoutes
{
    /// <summary>Name of the service that answers <see cref="Kafka"/>.</summary>
    public const string KafkaService = "kafka-rest";

    /// <summary>Name of the service that answers <see cref="Kinesis"/>.</summary>
    public const string KinesisService = "kinesis";

    /// <summary>Everything to the Kafka REST proxy.</summary>
    public static IReadOnlyList<RouteConfig> Kafka { get; } =
    [
        new RouteConfig { Path = "/topics/{topic}", Integration = KafkaService },
        new RouteConfig { Path = "/{proxy+}", Integration = KafkaService },
    ];

    /// <summary>
    /// The Kinesis proxy API
    /// (https://docs.aws.amazon.com/apigateway/latest/developerguide/integrating-api-with-aws-services-kinesis.html).
    /// </summary>
    public static IReadOnlyList<RouteConfig> Kinesis { get; } =
    [
        Of("GET", "/streams", "ListStreams"),
        Of("GET", "/streams/{stream-name}", "DescribeStream"),
        Of("POST", "/streams/{stream-name}", "CreateStream"),
        Of("DELETE", "/streams/{stream-name}", "DeleteStream"),
        Of("PUT", "/streams/{stream-name}/record", "PutRecord"),
        Of("PUT", "/streams/{stream-name}/records", "PutRecords"),
        Of("GET", "/streams/{stream-name}/records", "GetRecords"),
        Of("GET", "/streams/{stream-name}/sharditerator", "GetShardIterator"),
    ];

    private static RouteConfig Of(string method, string path, string action) =>
        new() { Method = method, Path = path, Integration = KinesisService, Action = action };
}

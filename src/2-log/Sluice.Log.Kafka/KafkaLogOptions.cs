using Sluice.SigV4;

namespace Sluice.Log.Kafka;

/// <summary>Which Kafka holds the log, and how it is spoken to.</summary>
public sealed record KafkaLogOptions
{
    /// <summary>Brokers to begin with, <c>host:port</c>, separated by commas.</summary>
    public required string BootstrapServers { get; init; }

    /// <summary>
    /// Properties of librdkafka for every client that is made, by their names
    /// (https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md): <c>security.protocol</c>, <c>sasl.mechanism</c>,
    /// <c>ssl.ca.location</c>, <c>compression.type</c>, ... Those that the promises of the log rest on (acks, idempotence, isolation,
    /// positions) cannot be set.
    /// </summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// The AWS region of an MSK cluster that authenticates by IAM (port 9098): sets SASL_SSL and OAUTHBEARER, and signs the tokens. Null
    /// for any other cluster.
    /// </summary>
    public string? IamRegion { get; init; }

    /// <summary>Who signs for IAM; null asks the chain of the AWS SDK (environment, profile, container, instance) and follows its renewals.</summary>
    public Credentials? Credentials { get; init; }

    /// <summary>
    /// The group id that readers name. They never join it and commit nothing to it; a cluster with ACLs must let it be described, and read.
    /// </summary>
    public string ReaderGroup { get; init; } = "sluice";

    /// <summary>
    /// The group whose members share the partitions (<see cref="ILog.OwnedPartitionsAsync"/>); null: this process has them all. Nothing is committed
    /// to it.
    /// </summary>
    public string? Group { get; init; }

    /// <summary>Replicas of topics that are made here; -1 takes the cluster's default.</summary>
    public short ReplicationFactor { get; init; } = -1;

    public KafkaLogLimits Limits { get; init; } = new();
}

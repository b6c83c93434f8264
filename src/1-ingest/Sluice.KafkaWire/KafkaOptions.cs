using System.Security.Cryptography.X509Certificates;

namespace Sluice.KafkaWire;

/// <summary>Settings of the broker.</summary>
public sealed record KafkaOptions
{
    /// <summary>The address to listen on, as digits; loopback unless told.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The port to listen on; 0 picks a free one, which <see cref="KafkaBroker.Port"/> tells.</summary>
    public int Port { get; init; } = 9092;

    /// <summary>The host that clients are told to connect to (advertised.listeners); <see cref="Host"/> when null.</summary>
    public string? AdvertisedHost { get; init; }

    /// <summary>The port that clients are told to connect to; the port listened on when 0.</summary>
    public int AdvertisedPort { get; init; }

    /// <summary>The id shown as the one broker, leader, controller and coordinator.</summary>
    public int BrokerId { get; init; } = 1;

    /// <summary>Create an unknown topic when a client asks for its metadata and allows it: auto.create.topics.enable, true in Kafka.</summary>
    public bool AutoCreateTopics { get; init; } = true;

    /// <summary>Partitions of a topic whose creator leaves it to the broker: num.partitions, 1 in Kafka.</summary>
    public int DefaultPartitions { get; init; } = 1;

    /// <summary>
    /// How long an empty group waits for more members before its first generation: group.initial.rebalance.delay.ms. None, as in
    /// Kafka's own configuration for one machine, because members of a small group come late more rarely than one comes alone.
    /// </summary>
    public TimeSpan InitialRebalanceDelay { get; init; } = TimeSpan.Zero;

    /// <summary>How often members of the consumer protocol (KIP-848) are told to be heard of: group.consumer.heartbeat.interval.ms, 5 s in Kafka.</summary>
    public TimeSpan ConsumerHeartbeatInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>When a member of the consumer protocol that is not heard of is out: group.consumer.session.timeout.ms, 45 s in Kafka.</summary>
    public TimeSpan ConsumerSessionTimeout { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>
    /// How long the committed offsets of a group are kept after it has lost its last member, and after their commit: offsets.retention.minutes,
    /// seven days as in Kafka. At least a minute.
    /// </summary>
    public TimeSpan OffsetsRetention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>
    /// Passwords by user name for SASL/PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. When there is any, a connection has to authenticate before
    /// anything else; when there is none, everybody is let in.
    /// </summary>
    public IReadOnlyDictionary<string, string> SaslUsers { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// The server's certificate with its private key: every connection is TLS then (security.protocol SSL or SASL_SSL). The caller's to
    /// dispose. Without one connections are plain text.
    /// </summary>
    public X509Certificate2? Certificate { get; init; }

    public KafkaLimits Limits { get; init; } = new();
}

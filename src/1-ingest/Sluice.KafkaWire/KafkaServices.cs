using Microsoft.Extensions.Logging;
using Sluice.Bytes;
using Sluice.KafkaWire.Connections;
using Sluice.KafkaWire.Fetching;
using Sluice.KafkaWire.Groups;
using Sluice.KafkaWire.Sasl;
using Sluice.KafkaWire.Topics;
using Sluice.KafkaWire.Transactions;
using Sluice.Log;

namespace Sluice.KafkaWire;

/// <summary>What the APIs of one broker share.</summary>
internal sealed class KafkaServices(EmbeddedLog log, KafkaOptions options, TimeProvider time, ILogger logger)
{
    public EmbeddedLog Log => log;

    public KafkaOptions Options => options;

    public KafkaLimits Limits => options.Limits;

    public TimeProvider Time => time;

    public ILogger Logger => logger;

    public TopicNames Topics { get; } = new(log);

    public ConsumerTopics ConsumerTopics { get; } = new(log);

    public GroupCoordinator Groups { get; } = new(options, time, log.StoredConsumerGroups(), log.SaveConsumerGroupsAsync);

    public TransactionCoordinator Transactions { get; } = new(log, options.Limits, time, logger);

    public ProducerIds ProducerIds => Transactions.ProducerIds;

    public SaslUsers SaslUsers { get; } = new(log, options.SaslUsers);

    public ByteBudget RequestBytes { get; } = new(options.Limits.RequestBytesInFlightMax);

    public ByteBudget FetchBytes { get; } = new(options.Limits.FetchBytesInFlightMax);

    public FetchSessions FetchSessions { get; } = new(options.Limits, time);

    /// <summary>The cluster's id, the same over restarts.</summary>
    public string ClusterId => log.ClusterId;

    /// <summary>The security protocol of the one listener, as clients name it.</summary>
    public string ListenerName =>
        (options.SaslUsers.Count > 0 ? "SASL_" : "") + (options.Certificate is null ? "PLAINTEXT" : "SSL");

    public string AdvertisedHost => options.AdvertisedHost ?? options.Host;

    /// <summary>The port that clients are told; known when the broker listens.</summary>
    public int AdvertisedPort { get; set; } = options.AdvertisedPort;
}

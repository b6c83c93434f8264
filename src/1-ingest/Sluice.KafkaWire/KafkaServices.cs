using Microsoft.Extensions.Logging;
using Sluice.Bytes;
using Sluice.KafkaWire.Connections;
using Sluice.KafkaWire.Groups;
using Sluice.KafkaWire.Sasl;
using Sluice.KafkaWire.Topics;
using Sluice.KafkaWire.Transactions;
using Sluice.Log;

namespace Sluice.KafkaWire;

/// <summary>What the APIs of one broker share.</summary>
internal sealed class KafkaServices
{
    private readonly KafkaOptions _options;

    public KafkaServices(EmbeddedLog log, KafkaOptions options, TimeProvider time, ILogger logger)
    {
        (Log, _options, Time, Logger) = (log, options, time, logger);
        Topics = new TopicNames(log);
        Groups = new GroupCoordinator(options, time);
        SaslUsers = new SaslUsers(log, options.SaslUsers);
        ProducerIds = new ProducerIds(log);
        Transactions = new TransactionCoordinator(log, ProducerIds, options.Limits, time, logger);
        RequestBytes = new ByteBudget(options.Limits.RequestBytesInFlightMax);
        FetchBytes = new ByteBudget(options.Limits.FetchBytesInFlightMax);
        AdvertisedPort = options.AdvertisedPort;
    }

    public EmbeddedLog Log { get; }

    public KafkaOptions Options => _options;

    public KafkaLimits Limits => _options.Limits;

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    public TopicNames Topics { get; }

    public GroupCoordinator Groups { get; }

    public SaslUsers SaslUsers { get; }

    public ProducerIds ProducerIds { get; }

    public TransactionCoordinator Transactions { get; }

    public ByteBudget RequestBytes { get; }

    public ByteBudget FetchBytes { get; }

    /// <summary>The cluster's id, the same over restarts.</summary>
    public string ClusterId => Log.ClusterId;

    /// <summary>The security protocol of the one listener, as clients name it.</summary>
    public string ListenerName =>
        (_options.SaslUsers.Count > 0 ? "SASL_" : "") + (_options.Certificate is null ? "PLAINTEXT" : "SSL");

    public string AdvertisedHost => _options.AdvertisedHost ?? _options.Host;

    /// <summary>The port that clients are told; known when the broker listens.</summary>
    public int AdvertisedPort { get; set; }
}

using System.Globalization;

namespace Sluice.Log.Kafka.Client;

/// <summary>The properties of librdkafka that each kind of client is made with: ours, then the caller's, then those that promises rest on.</summary>
internal sealed class ClientProperties
{
    // Each is set below for a reason, and another value would break what the log promises, or is meaningless here.
    private static readonly string[] s_kept =
    [
        "acks", "request.required.acks", "auto.offset.reset", "bootstrap.servers", "check.crcs", "delivery.report.only.error", "enable.auto.commit",
        "enable.auto.offset.store", "enable.idempotence", "enable.partition.eof", "group.id", "group.instance.id", "isolation.level",
        "metadata.broker.list", "transactional.id",
    ];

    private readonly KafkaLogOptions _options;

    /// <exception cref="KafkaLogException">A property is not for the caller to set.</exception>
    public ClientProperties(KafkaLogOptions options)
    {
        _options = options;
        if (options.Properties.Keys.FirstOrDefault(s_kept.Contains) is { } name)
        {
            throw new KafkaLogException(
                $"The Kafka property '{name}' cannot be set: the log's promises rest on it. Leave it out of the properties"
                + (name is "bootstrap.servers" or "metadata.broker.list" ? "; the servers have a setting of their own." : "."));
        }
    }

    /// <summary>Whether tokens are made here.</summary>
    public bool UsesIam => _options.IamRegion is not null;

    public Dictionary<string, string> OfProducer() => Of(new()
    {
        ["linger.ms"] = "5",
        ["delivery.timeout.ms"] = Ms(_options.Limits.DeliveryTimeout),
        ["message.max.bytes"] = Text(_options.Limits.MessageBytesMax),
        // Appends are refused by their bytes before these bounds are reached; the number of records is no bound then.
        ["queue.buffering.max.messages"] = "0",
        ["queue.buffering.max.kbytes"] = Text(_options.Limits.QueuedBytesMax * 4 / 1024),
        ["allow.auto.create.topics"] = "false",
    }, new()
    {
        ["enable.idempotence"] = "true",
        ["acks"] = "all",
        // Of what may be reported of a record beside its offset, only whether it is stored is looked at.
        ["dotnet.producer.delivery.report.fields"] = "status",
    });

    public Dictionary<string, string> OfConsumer() => Of(new()
    {
        // One client reads for many places, so what it holds back is bounded by its bytes.
        ["queued.max.messages.kbytes"] = Text(_options.Limits.PrefetchBytes / 1024),
        ["fetch.max.bytes"] = Text(Math.Max(_options.Limits.PrefetchBytes, 1 << 20)),
        ["receive.message.max.bytes"] = Text(Math.Max((long)_options.Limits.PrefetchBytes, _options.Limits.MessageBytesMax) + (1 << 20)),
        // With little room the client is full often and soon has room again; librdkafka's second of waiting would be most of the time.
        ["fetch.queue.backoff.ms"] = "10",
        ["fetch.error.backoff.ms"] = "100",
        ["allow.auto.create.topics"] = "false",
    }, new()
    {
        ["group.id"] = _options.ReaderGroup,
        ["enable.auto.commit"] = "false",
        ["enable.auto.offset.store"] = "false",
        ["enable.partition.eof"] = "true",
        ["auto.offset.reset"] = "error",
        ["isolation.level"] = "read_committed",
        ["check.crcs"] = "true",
    });

    /// <summary>Of a member of the group that shares the partitions. It fetches nothing.</summary>
    public Dictionary<string, string> OfMember(string group) => Of(new()
    {
        // What moves between processes is what has to; and the partitions of all topics are spread, not those of each.
        ["partition.assignment.strategy"] = "cooperative-sticky",
        ["topic.metadata.refresh.interval.ms"] = "10000",
        ["allow.auto.create.topics"] = "false",
    }, new()
    {
        ["group.id"] = group,
        ["enable.auto.commit"] = "false",
        ["enable.auto.offset.store"] = "false",
        ["auto.offset.reset"] = "latest",
    });

    public Dictionary<string, string> OfAdmin() => Of([], []);

    private Dictionary<string, string> Of(Dictionary<string, string> defaults, Dictionary<string, string> kept)
    {
        var all = new Dictionary<string, string>(defaults, StringComparer.Ordinal)
        {
            ["client.id"] = "sluice",
            // A broker that was restarted is found again within a second; librdkafka would let up to ten pass.
            ["reconnect.backoff.max.ms"] = "1000",
            // Whether a topic is there is asked before it is used, so a client that hears of none has not to wait half a minute for it to appear.
            ["topic.metadata.propagation.max.ms"] = "5000",
            ["socket.connection.setup.timeout.ms"] = "10000",
        };
        if (UsesIam) (all["security.protocol"], all["sasl.mechanism"]) = ("SASL_SSL", "OAUTHBEARER");
        foreach (var (name, value) in _options.Properties) all[name] = value;
        foreach (var (name, value) in kept) all[name] = value;
        all["bootstrap.servers"] = _options.BootstrapServers;
        return all;
    }

    private static string Ms(TimeSpan time) => Text((long)time.TotalMilliseconds);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

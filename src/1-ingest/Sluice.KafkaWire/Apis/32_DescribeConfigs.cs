using System.Globalization;
using Sluice.KafkaWire.Topics;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// DescribeConfigs, key 32, versions 1-4 (flexible from 4). https://kafka.apache.org/protocol#The_Messages_DescribeConfigs
//
// Behaviour: the configs of a topic that the log acts on and those that were set, with where each comes from; of the broker those of its
// options that Kafka has a name for, read-only.
//
// Known differences: topic configs that have no effect here are told only when they were set. There is no documentation text.
internal static class DescribeConfigs
{
    private const sbyte TopicResource = 2;
    private const sbyte BrokerResource = 4;
    private const sbyte StringType = 2;

    public static readonly KafkaApi Api = new(32, "DescribeConfigs", 1, 4, 4, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var reader = call.Reader();
        var resources = new (sbyte Type, string Name, string[]? Keys)[reader.ReadArrayLength()];
        for (var r = 0; r < resources.Length; r++)
        {
            resources[r] = (reader.ReadInt8(), reader.ReadString(), reader.ReadNullableStringArray());
            reader.SkipTags();
        }

        var withSynonyms = reader.ReadBool();
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteArrayLength(resources.Length);
        foreach (var (type, name, keys) in resources)
        {
            var (error, configs) = Find(call, type, name);
            Config[] wanted = [.. configs.Where(c => keys is null || keys.Length == 0 || keys.Contains(c.Name, StringComparer.Ordinal))];
            response.WriteError(error);
            response.WriteNullableString(error == KafkaError.None ? null : $"There is no config resource '{name}' of type {type}.");
            response.WriteInt8(type);
            response.WriteString(name);
            response.WriteArrayLength(wanted.Length);
            foreach (var config in wanted) Write(call, config, withSynonyms);
            response.WriteTags();
        }

        response.WriteTags();
        return default;
    }

    private static (KafkaError Error, IEnumerable<Config> Configs) Find(KafkaCall call, sbyte type, string name)
    {
        var broker = call.Broker;
        if (type == TopicResource)
        {
            return broker.Log.TopicSettings(name) is { } settings
                ? (KafkaError.None, settings.Select(s => new Config(s.Name, s.Value, ConfigSources.Of(s), IsReadOnly: false)))
                : (KafkaError.UnknownTopicOrPartition, []);
        }

        var isBroker = type == BrokerResource && name == broker.Options.BrokerId.ToString(CultureInfo.InvariantCulture);
        return isBroker ? (KafkaError.None, BrokerConfigs(broker)) : (KafkaError.InvalidRequest, []);
    }

    /// <summary>The configs of the broker, in ordinal order of their names.</summary>
    public static IEnumerable<Config> BrokerConfigs(KafkaServices broker)
    {
        var (options, limits) = (broker.Options, broker.Limits);
        var configs = new SortedDictionary<string, object>(StringComparer.Ordinal)
        {
            ["advertised.listeners"] = $"{broker.ListenerName}://{broker.AdvertisedHost}:{broker.AdvertisedPort}",
            ["auto.create.topics.enable"] = options.AutoCreateTopics ? "true" : "false",
            ["broker.id"] = options.BrokerId,
            ["connections.max.idle.ms"] = (long)limits.IdleMax.TotalMilliseconds,
            ["default.replication.factor"] = 1,
            ["fetch.max.bytes"] = limits.FetchBytesMax,
            ["group.consumer.heartbeat.interval.ms"] = (long)options.ConsumerHeartbeatInterval.TotalMilliseconds,
            ["group.consumer.max.size"] = limits.GroupMembersMax,
            ["group.consumer.session.timeout.ms"] = (long)options.ConsumerSessionTimeout.TotalMilliseconds,
            ["group.initial.rebalance.delay.ms"] = (long)options.InitialRebalanceDelay.TotalMilliseconds,
            ["group.max.session.timeout.ms"] = (long)limits.SessionTimeoutMax.TotalMilliseconds,
            ["group.max.size"] = limits.GroupMembersMax,
            ["group.min.session.timeout.ms"] = (long)limits.SessionTimeoutMin.TotalMilliseconds,
            ["max.connections"] = limits.ConnectionsMax,
            ["max.incremental.fetch.session.cache.slots"] = limits.FetchSessionsMax,
            ["num.partitions"] = options.DefaultPartitions,
            ["offset.metadata.max.bytes"] = limits.OffsetMetadataBytesMax,
            ["offsets.retention.check.interval.ms"] = (long)limits.OffsetsCheckInterval.TotalMilliseconds,
            ["offsets.retention.minutes"] = (long)options.OffsetsRetention.TotalMinutes,
            ["socket.request.max.bytes"] = limits.ProduceRequestBytesMax,
        };
        return configs.Select(c => new Config(
            c.Key, Convert.ToString(c.Value, CultureInfo.InvariantCulture)!, ConfigSource.StaticBroker, IsReadOnly: true));
    }

    private static void Write(KafkaCall call, Config config, bool withSynonyms)
    {
        var (response, version) = (call.Response, call.Version);
        response.WriteString(config.Name);
        response.WriteNullableString(config.Value);
        response.WriteBool(config.IsReadOnly);
        response.WriteInt8((sbyte)config.Source);
        response.WriteBool(false);
        response.WriteArrayLength(withSynonyms ? 1 : 0);
        if (withSynonyms)
        {
            response.WriteString(config.Name);
            response.WriteNullableString(config.Value);
            response.WriteInt8((sbyte)config.Source);
            response.WriteTags();
        }

        if (version >= 3)
        {
            response.WriteInt8(StringType);
            response.WriteNullableString(null);
        }

        response.WriteTags();
    }

    public sealed record Config(string Name, string Value, ConfigSource Source, bool IsReadOnly);
}

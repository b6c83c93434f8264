using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Sluice.Log.Kafka.Client;
using Sluice.Log.Kafka.Topics;
using WireResource = Confluent.Kafka.Admin.ConfigResource;

namespace Sluice.Log.Kafka.Administration;

/// <summary>What Kafka's admin API answers about a cluster, its configs and its groups.</summary>
internal sealed class ClusterQuestions(Clients clients, IAdminClient admin, TopicDirectory topics)
{
    public async ValueTask<ClusterDescription> DescribeAsync(CancellationToken cancel)
    {
        try
        {
            var cluster = await admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = clients.Limits.RequestTimeout }).WaitAsync(cancel);
            int? controller = cluster.Controller is { Id: >= 0 and var id } ? id : null;
            return new ClusterDescription(
                cluster.ClusterId ?? "", controller, [.. cluster.Nodes.OrderBy(n => n.Id).Select(n => new BrokerDescription(n.Id, n.Host, n.Port, n.Rack))]);
        }
        catch (KafkaException refused)
        {
            throw Faults.Of(clients, "describe the cluster", refused.Error, refused);
        }
    }

    public async ValueTask<IReadOnlyDictionary<string, IReadOnlyList<PartitionReplicas>>> ReplicasAsync(
        IReadOnlyCollection<string> names, CancellationToken cancel)
    {
        var replicas = new Dictionary<string, IReadOnlyList<PartitionReplicas>>(StringComparer.Ordinal);
        if (names.Count == 0) return replicas;
        foreach (var topic in await topics.DescribeAsync(names, cancel))
        {
            replicas[topic.Name] =
            [
                .. topic.Partitions.OrderBy(p => p.Partition).Select(p => new PartitionReplicas(
                    new TopicPartition(topic.Name, p.Partition),
                    p.Leader is { Id: >= 0 and var leader } ? leader : null,
                    [.. p.Replicas.Select(n => n.Id)],
                    [.. p.ISR.Select(n => n.Id)])),
            ];
        }

        return replicas;
    }

    public async ValueTask<IReadOnlyDictionary<ConfigResource, IReadOnlyList<ConfigValue>>> ConfigsAsync(
        IReadOnlyCollection<ConfigResource> resources, CancellationToken cancel)
    {
        var configs = new Dictionary<ConfigResource, IReadOnlyList<ConfigValue>>();
        var known = await KnownAsync(resources, cancel);
        // librdkafka sends what is asked of a broker to that broker, and takes one of them at a time.
        foreach (var asked in known.Where(r => r.Type == ConfigResourceType.Broker).Select(r => (ConfigResource[])[r])
            .Append([.. known.Where(r => r.Type == ConfigResourceType.Topic)]).Where(some => some.Length > 0))
        {
            foreach (var result in await DescribeAsync(asked, cancel))
                configs[Of(result.ConfigResource)] = [.. result.Entries.Values.OrderBy(e => e.Name, StringComparer.Ordinal).Select(Of)];
        }

        if (resources.Contains(ConfigResource.AllBrokers)) configs[ConfigResource.AllBrokers] = await SharedAsync(cancel);
        return configs;
    }

    public async ValueTask<IReadOnlyList<GroupDescription>> GroupsAsync(IReadOnlyCollection<string>? ids, CancellationToken cancel)
    {
        try
        {
            var options = new ListConsumerGroupsOptions { RequestTimeout = clients.Limits.RequestTimeout };
            var listed = (await admin.ListConsumerGroupsAsync(options).WaitAsync(cancel)).Valid.Where(g => ids is null || ids.Contains(g.GroupId)).ToList();
            if (listed.Count == 0) return [];
            var described = await DescribeGroupsAsync([.. listed.Select(g => g.GroupId)], cancel);
            return [.. described.Where(g => !g.Error.IsError).OrderBy(g => g.GroupId, StringComparer.Ordinal).Select(Of)];
        }
        catch (KafkaException refused)
        {
            throw Faults.Of(clients, "describe its groups", refused.Error, refused);
        }
    }

    public static WireResource WireOf(ConfigResource resource) =>
        new() { Type = resource.Type == ConfigResourceType.Topic ? ResourceType.Topic : ResourceType.Broker, Name = resource.Name };

    private static ConfigResource Of(WireResource resource) =>
        new(resource.Type == ResourceType.Topic ? ConfigResourceType.Topic : ConfigResourceType.Broker, resource.Name);

    private static ConfigValue Of(ConfigEntryResult entry) => new(
        entry.Name,
        entry.Value,
        OriginOf(entry.Source),
        entry.IsReadOnly,
        entry.IsSensitive,
        [.. entry.Synonyms.Select(s => new ConfigSynonym(s.Name, s.Value, OriginOf(s.Source)))]);

    private static ConfigOrigin OriginOf(ConfigSource source) => source switch
    {
        ConfigSource.DynamicTopicConfig => ConfigOrigin.DynamicTopic,
        ConfigSource.DynamicBrokerConfig => ConfigOrigin.DynamicBroker,
        ConfigSource.DynamicDefaultBrokerConfig => ConfigOrigin.DynamicDefaultBroker,
        ConfigSource.StaticBrokerConfig => ConfigOrigin.StaticBroker,
        ConfigSource.DefaultConfig => ConfigOrigin.Default,
        _ => ConfigOrigin.Unknown,
    };

    private static GroupDescription Of(ConsumerGroupDescription group) => new(
        group.GroupId,
        group.State.ToString(),
        group.GroupType == ConsumerGroupType.Consumer ? "consumer" : "classic",
        group.PartitionAssignor ?? "",
        group.IsSimpleConsumerGroup,
        group.Coordinator is { Id: >= 0 and var coordinator } ? coordinator : null,
        [
            .. group.Members.Select(m => new GroupMemberDescription(
                m.ConsumerId,
                string.IsNullOrEmpty(m.GroupInstanceId) ? null : m.GroupInstanceId,
                m.ClientId,
                m.Host,
                [.. (m.Assignment?.TopicPartitions ?? []).Select(p => new TopicPartition(p.Topic, p.Partition))])),
        ]);

    private async Task<List<ConsumerGroupDescription>> DescribeGroupsAsync(IReadOnlyList<string> ids, CancellationToken cancel)
    {
        var options = new DescribeConsumerGroupsOptions { RequestTimeout = clients.Limits.RequestTimeout };
        try
        {
            return (await admin.DescribeConsumerGroupsAsync(ids, options).WaitAsync(cancel)).ConsumerGroupDescriptions;
        }
        catch (DescribeConsumerGroupsException some)
        {
            return some.Results.ConsumerGroupDescriptions;
        }
    }

    /// <summary>Those of the resources that are there: one that is not would fail the question for all.</summary>
    private async Task<List<ConfigResource>> KnownAsync(IReadOnlyCollection<ConfigResource> resources, CancellationToken cancel)
    {
        var named = resources.Where(r => r.Type == ConfigResourceType.Topic).Select(r => r.Name).ToList();
        var found = named.Count == 0 ? [] : (await topics.DescribeAsync(named, cancel)).Select(t => ConfigResource.Topic(t.Name)).ToList();
        if (resources.Any(r => r.Type == ConfigResourceType.Broker && r != ConfigResource.AllBrokers))
            found.AddRange((await DescribeAsync(cancel)).Brokers.Select(b => ConfigResource.Broker(b.Id)).Where(resources.Contains));
        return found;
    }

    private async Task<List<DescribeConfigsResult>> DescribeAsync(IReadOnlyCollection<ConfigResource> resources, CancellationToken cancel)
    {
        var options = new DescribeConfigsOptions { RequestTimeout = clients.Limits.RequestTimeout };
        try
        {
            return await admin.DescribeConfigsAsync(resources.Select(WireOf), options).WaitAsync(cancel);
        }
        catch (DescribeConfigsException refused)
        {
            var fault = refused.Results.Find(r => r.Error.IsError);
            throw Faults.Of(
                clients, string.Create(CultureInfo.InvariantCulture, $"describe the configs of '{fault?.ConfigResource.Name}'"), fault?.Error ?? refused.Error, refused);
        }
        catch (KafkaException refused)
        {
            throw Faults.Of(clients, "describe configs", refused.Error, refused);
        }
    }

    /// <summary>What was set for all brokers, which every broker names where a value of its own comes from.</summary>
    private async Task<IReadOnlyList<ConfigValue>> SharedAsync(CancellationToken cancel)
    {
        var cluster = await DescribeAsync(cancel);
        if (cluster.Brokers.Count == 0) return [];
        var result = (await DescribeAsync([ConfigResource.Broker(cluster.Brokers[0].Id)], cancel)).Single();
        return
        [
            .. result.Entries.Values.Select(Of).OrderBy(c => c.Name, StringComparer.Ordinal)
                .SelectMany(c => c.Synonyms.Where(s => s.Origin == ConfigOrigin.DynamicDefaultBroker).Select(s =>
                    new ConfigValue(c.Name, s.Value, s.Origin, c.IsReadOnly, c.IsSensitive, [s]))),
        ];
    }
}

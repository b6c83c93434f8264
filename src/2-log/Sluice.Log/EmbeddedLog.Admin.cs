using System.Globalization;

namespace Sluice.Log;

public sealed partial class EmbeddedLog : ILogAdmin
{
    /// <summary>The id of the one broker while none has said another.</summary>
    private const int DefaultBrokerId = 1;

    private const string EmptyGroup = "Empty";
    private const string ClassicGroup = "classic";

    private readonly Lock _clusterIdGate = new();
    private string? _clusterId;

    /// <summary>The broker in front of this log while it listens; null when there is none.</summary>
    public BrokerFront? Front { get; set; }

    /// <summary>The id of the cluster that this log is, the same over restarts: 16 random bytes in base64url, as Kafka makes them.</summary>
    public string ClusterId
    {
        get
        {
            const string Setting = "kafka.cluster.id";
            lock (_clusterIdGate)
            {
                if (_clusterId is { } known) return known;
                if (FindAccountSetting(Setting) is { } stored) return _clusterId = stored;
                var id = Convert.ToBase64String(Guid.NewGuid().ToByteArray()).TrimEnd('=').Replace('+', '-').Replace('/', '_');
                SetAccountSetting(Setting, id);
                return _clusterId = id;
            }
        }
    }

    public AdminRefusal AclRefusal { get; } = new(AdminFault.Invalid, "No Authorizer is configured on the broker.");

    private int DefaultPartitions =>
        int.TryParse(Front?.Configs().FirstOrDefault(c => c.Name == "num.partitions")?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count
            : 1;

    private int BrokerId => Front?.Broker.Id ?? DefaultBrokerId;

    public ValueTask<ClusterDescription> DescribeClusterAsync(CancellationToken cancel) =>
        new(new ClusterDescription(ClusterId, BrokerId, [Front?.Broker ?? new BrokerDescription(DefaultBrokerId, null, null, null)]));

    public ValueTask<IReadOnlyDictionary<string, IReadOnlyList<PartitionReplicas>>> ReplicasAsync(
        IReadOnlyCollection<string> topics, CancellationToken cancel)
    {
        int[] broker = [BrokerId];
        var replicas = new Dictionary<string, IReadOnlyList<PartitionReplicas>>(StringComparer.Ordinal);
        foreach (var topic in topics)
        {
            if (_topics.GetValueOrDefault(topic)?.Description is not { } found) continue;
            replicas[topic] = [.. PartitionNames(found).Select(p => new PartitionReplicas(p, broker[0], broker, broker))];
        }

        return new(replicas);
    }

    public ValueTask<IReadOnlyDictionary<TopicPartition, PartitionOffsets>> OffsetsAsync(
        IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancel)
    {
        var offsets = new Dictionary<TopicPartition, PartitionOffsets>();
        foreach (var partition in partitions)
        {
            if (!_topics.TryGetValue(partition.Topic, out var topic) || (uint)partition.Partition >= (uint)topic.Partitions.Length) continue;
            offsets[partition] = topic.Partitions[partition.Partition].Shared.Offsets;
        }

        return new(offsets);
    }

    /// <summary>None: there is one broker.</summary>
    public ValueTask<IReadOnlyList<PartitionReassignment>?> ReassignmentsAsync(string? topic, CancellationToken cancel) =>
        new(Array.Empty<PartitionReassignment>());

    public ValueTask<IReadOnlyDictionary<ConfigResource, IReadOnlyList<ConfigValue>>> DescribeConfigsAsync(
        IReadOnlyCollection<ConfigResource> resources, CancellationToken cancel)
    {
        var configs = new Dictionary<ConfigResource, IReadOnlyList<ConfigValue>>();
        foreach (var resource in resources)
        {
            if (ConfigsOf(resource) is { } found) configs[resource] = found;
        }

        return new(configs);
    }

    public async ValueTask<IReadOnlyList<AdminRefusal?>> AlterConfigsAsync(
        IReadOnlyList<ConfigAlteration> alterations, bool validateOnly, CancellationToken cancel)
    {
        var outcomes = new AdminRefusal?[alterations.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            var (resource, changes) = alterations[i];
            outcomes[i] = resource.Type == ConfigResourceType.Broker
                ? RefuseBrokerConfigs(resource, changes)
                : await RefusalOfAsync(resource.Name, () => AlterTopicAsync(resource.Name, own => Apply(own, changes), validateOnly, cancel));
        }

        return outcomes;
    }

    public async ValueTask<AdminRefusal?> CreateTopicAsync(TopicCreation creation, bool validateOnly, CancellationToken cancel)
    {
        if (creation.ReplicationFactor is not (null or -1 or 1))
        {
            return new AdminRefusal(AdminFault.Invalid, string.Create(
                CultureInfo.InvariantCulture,
                $"Unable to replicate the partition {creation.ReplicationFactor} time(s): there is 1 broker. Ask for a replication factor of 1."));
        }

        if (AssignmentFault(creation.Assignments) is { } fault) return new AdminRefusal(AdminFault.Invalid, fault);
        var count = creation.Assignments?.Count ?? creation.PartitionCount ?? DefaultPartitions;
        var spec = new TopicSpec(creation.Name, count, creation.Configs);
        return await RefusalOfAsync(creation.Name, async () =>
        {
            if (validateOnly) CheckTopic(spec);
            else await CreateTopicAsync(spec, cancel);
            return true;
        });
    }

    /// <summary>A Kinesis stream is deleted with the Kinesis API.</summary>
    /// <inheritdoc/>
    public AdminRefusal? DeletionRefusal(string topic) => FindStream(topic) is null
        ? null
        : new AdminRefusal(AdminFault.Unauthorized, $"'{topic}' is a Kinesis stream. Delete it with the Kinesis API (DeleteStream).");

    public ValueTask<AdminRefusal?> AddPartitionsAsync(string topic, int count, CancellationToken cancel) =>
        RefusalOfAsync(topic, () => AddPartitionsAsync(topic, count, validateOnly: false, cancel));

    public ValueTask<IReadOnlyList<GroupDescription>> DescribeGroupsAsync(IReadOnlyCollection<string>? groups, CancellationToken cancel)
    {
        var described = new SortedDictionary<string, GroupDescription>(StringComparer.Ordinal);
        foreach (var id in ListGroups()) described[id] = new GroupDescription(id, EmptyGroup, ClassicGroup, "", IsSimple: true, BrokerId, []);
        foreach (var live in Front?.Groups() ?? []) described[live.Id] = live;
        return new([.. described.Values.Where(g => groups is null || groups.Contains(g.Id))]);
    }

    private IReadOnlyList<ConfigValue>? ConfigsOf(ConfigResource resource)
    {
        if (resource.Type == ConfigResourceType.Topic) return TopicSettings(resource.Name) is { } settings ? [.. settings.Select(ValueOf)] : null;
        if (resource == ConfigResource.AllBrokers) return [];
        if (resource != ConfigResource.Broker(BrokerId)) return null;
        return [.. (Front?.Configs() ?? []).OrderBy(c => c.Name, StringComparer.Ordinal)];
    }

    private static ConfigValue ValueOf(TopicSetting setting)
    {
        var origin = setting.IsOfTopic ? ConfigOrigin.DynamicTopic : setting.IsOfLog ? ConfigOrigin.StaticBroker : ConfigOrigin.Default;
        return new ConfigValue(
            setting.Name, setting.Value, origin, IsReadOnly: false, IsSensitive: false, [new ConfigSynonym(setting.Name, setting.Value, origin)]);
    }

    private AdminRefusal RefuseBrokerConfigs(ConfigResource resource, IReadOnlyDictionary<string, string?> changes) =>
        resource != ConfigResource.AllBrokers && resource != ConfigResource.Broker(BrokerId)
            ? new AdminRefusal(AdminFault.NotFound, $"There is no broker {resource.Name}.")
            : new AdminRefusal(
                AdminFault.Invalid,
                $"Cannot update these configs dynamically: {string.Join(", ", changes.Keys)}. Set them in the broker's configuration and restart it.");

    private static Dictionary<string, string> Apply(IReadOnlyDictionary<string, string> own, IReadOnlyDictionary<string, string?> changes)
    {
        var configs = new Dictionary<string, string>(own, StringComparer.Ordinal);
        foreach (var (name, value) in changes)
        {
            if (value is null) configs.Remove(name);
            else configs[name] = value;
        }

        return configs;
    }

    private string? AssignmentFault(IReadOnlyDictionary<int, IReadOnlyList<int>>? assignments)
    {
        if (assignments is null) return null;
        if (!assignments.Keys.Order().SequenceEqual(Enumerable.Range(0, assignments.Count)))
            return "Partitions should be a consecutive 0-based integer sequence.";
        return assignments.Values.All(brokers => brokers.Count == 1 && brokers[0] == BrokerId)
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"Each partition is assigned to broker {BrokerId}, the only one there is.");
    }

    /// <summary>Makes a change, and gives the log's refusal as a value. False from the change stands for a topic that is not there.</summary>
    private static async ValueTask<AdminRefusal?> RefusalOfAsync(string topic, Func<ValueTask<bool>> change)
    {
        try
        {
            return await change() ? null : new AdminRefusal(AdminFault.NotFound, $"There is no topic '{topic}'.");
        }
        catch (Exception refused) when (refused is TopicExistsException or InvalidTopicException)
        {
            return new AdminRefusal(AdminFault.Invalid, refused.Message);
        }
        catch (IOException failed)
        {
            return new AdminRefusal(AdminFault.Failed, failed.Message);
        }
    }
}

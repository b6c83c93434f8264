using Sluice.Log;

namespace Sluice.Testing;

/// <summary>The administration of the log in lists: one broker that nothing listens for, groups without members.</summary>
public sealed partial class InMemoryLog : ILogAdmin
{
    public const string ClusterId = "sluice";

    private const int Broker = 1;

    /// <summary>Thrown by every question about the cluster, when it is set.</summary>
    public Exception? Unavailable { get; set; }

    public ValueTask<ClusterDescription> DescribeClusterAsync(CancellationToken cancel) => Unavailable is { } fault
        ? ValueTask.FromException<ClusterDescription>(fault)
        : new(new ClusterDescription(ClusterId, Broker, [new BrokerDescription(Broker, null, null, null)]));

    public ValueTask<IReadOnlyDictionary<string, IReadOnlyList<PartitionReplicas>>> ReplicasAsync(
        IReadOnlyCollection<string> topics, CancellationToken cancel)
    {
        lock (_lock)
        {
            return new(topics.Where(_topics.ContainsKey).ToDictionary(
                t => t,
                t => (IReadOnlyList<PartitionReplicas>)[.. _topics[t].Partitions.Select((_, at) => new PartitionReplicas(new(t, at), Broker, [Broker], [Broker]))]));
        }
    }

    public ValueTask<IReadOnlyDictionary<TopicPartition, PartitionOffsets>> OffsetsAsync(
        IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancel)
    {
        lock (_lock)
            return new(partitions.Where(p => Find(p) is not null).ToDictionary(p => p, p => new PartitionOffsets(0, Find(p)!.End)));
    }

    public ValueTask<IReadOnlyList<PartitionReassignment>?> ReassignmentsAsync(string? topic, CancellationToken cancel) =>
        new(Array.Empty<PartitionReassignment>());

    public ValueTask<IReadOnlyDictionary<ConfigResource, IReadOnlyList<ConfigValue>>> DescribeConfigsAsync(
        IReadOnlyCollection<ConfigResource> resources, CancellationToken cancel)
    {
        lock (_lock)
        {
            return new(resources.Where(r => r.Type == ConfigResourceType.Topic && _topics.ContainsKey(r.Name)).ToDictionary(
                r => r,
                r => (IReadOnlyList<ConfigValue>)
                [
                    .. _topics[r.Name].Topic.Configs.OrderBy(c => c.Key, StringComparer.Ordinal)
                        .Select(c => new ConfigValue(c.Key, c.Value, ConfigOrigin.DynamicTopic, IsReadOnly: false, IsSensitive: false, [])),
                ]));
        }
    }

    public ValueTask<IReadOnlyList<AdminRefusal?>> AlterConfigsAsync(
        IReadOnlyList<ConfigAlteration> alterations, bool validateOnly, CancellationToken cancel) =>
        new(alterations.Select(_ => (AdminRefusal?)new AdminRefusal(AdminFault.Invalid, "This log has no configs to alter.")).ToArray());

    public ValueTask<AdminRefusal?> CreateTopicAsync(TopicCreation creation, bool validateOnly, CancellationToken cancel)
    {
        try
        {
            var spec = new TopicSpec(creation.Name, creation.PartitionCount ?? 1, creation.Configs);
            if (!validateOnly) Add(spec);
            return default;
        }
        catch (Exception refused) when (refused is TopicExistsException or InvalidTopicException)
        {
            return new(new AdminRefusal(AdminFault.Invalid, refused.Message));
        }
    }

    public ValueTask<AdminRefusal?> AddPartitionsAsync(string topic, int count, CancellationToken cancel) =>
        new(new AdminRefusal(AdminFault.Invalid, "This log's topics keep their partitions."));

    public ValueTask<IReadOnlyList<GroupDescription>> DescribeGroupsAsync(IReadOnlyCollection<string>? groups, CancellationToken cancel)
    {
        lock (_lock)
        {
            return new(_groups.Keys.Where(g => groups is null || groups.Contains(g)).Order(StringComparer.Ordinal)
                .Select(g => new GroupDescription(g, "Empty", "classic", "", IsSimple: true, Broker, [])).ToArray());
        }
    }
}

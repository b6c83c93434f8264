namespace Sluice.Log.Kafka;

public sealed partial class KafkaLog : ILogAdmin
{
    public ValueTask<ClusterDescription> DescribeClusterAsync(CancellationToken cancel) => _questions.DescribeAsync(cancel);

    public ValueTask<IReadOnlyDictionary<string, IReadOnlyList<PartitionReplicas>>> ReplicasAsync(
        IReadOnlyCollection<string> topics, CancellationToken cancel) => _questions.ReplicasAsync(topics, cancel);

    public ValueTask<IReadOnlyDictionary<TopicPartition, PartitionOffsets>> OffsetsAsync(
        IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancel) => _offsets.OffsetsAsync(partitions, cancel);

    /// <summary>Null: librdkafka has no call that asks.</summary>
    public ValueTask<IReadOnlyList<PartitionReassignment>?> ReassignmentsAsync(string? topic, CancellationToken cancel) => new(result: null);

    public ValueTask<IReadOnlyDictionary<ConfigResource, IReadOnlyList<ConfigValue>>> DescribeConfigsAsync(
        IReadOnlyCollection<ConfigResource> resources, CancellationToken cancel) => _questions.ConfigsAsync(resources, cancel);

    public async ValueTask<IReadOnlyList<AdminRefusal?>> AlterConfigsAsync(
        IReadOnlyList<ConfigAlteration> alterations, bool validateOnly, CancellationToken cancel)
    {
        var outcomes = new AdminRefusal?[alterations.Count];
        for (var i = 0; i < outcomes.Length; i++) outcomes[i] = await _changes.AlterConfigsAsync(alterations[i], validateOnly, cancel);
        return outcomes;
    }

    public async ValueTask<AdminRefusal?> CreateTopicAsync(TopicCreation creation, bool validateOnly, CancellationToken cancel)
    {
        var refusal = await _changes.CreateTopicAsync(creation, validateOnly, cancel);
        if (refusal is null && !validateOnly) await _topics.SettleAsync(creation.Name, partitions: 1, cancel);
        return refusal;
    }

    public async ValueTask<AdminRefusal?> AddPartitionsAsync(string topic, int count, CancellationToken cancel)
    {
        var refusal = await _changes.AddPartitionsAsync(topic, count, cancel);
        if (refusal is null) await _topics.SettleAsync(topic, count, cancel);
        return refusal;
    }

    public ValueTask<IReadOnlyList<GroupDescription>> DescribeGroupsAsync(IReadOnlyCollection<string>? groups, CancellationToken cancel) =>
        _questions.GroupsAsync(groups, cancel);
}

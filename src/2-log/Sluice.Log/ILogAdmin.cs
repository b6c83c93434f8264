namespace Sluice.Log;

/// <summary>
/// What administers a log: the questions and changes of Kafka's admin API (https://kafka.apache.org/protocol) that <see cref="ILog"/>
/// does not have. Whatever implements <see cref="ILog"/> for a Kafka cluster, or in place of one, implements this beside it.
/// </summary>
/// <remarks>
/// Questions take many subjects at once and leave out of their answer what is not there. Changes give a refusal as a value; null is
/// success, and the change is in force then. A store that cannot be reached is a <see cref="LogUnavailableException"/>.
/// </remarks>
public interface ILogAdmin
{
    /// <summary>Why access control lists are neither shown nor changed here.</summary>
    AdminRefusal AclRefusal => new(AdminFault.Invalid, "This proxy does not administer the ACLs of a Kafka cluster. Use kafka-acls.");

    /// <summary>Why a topic is not to be deleted by Kafka's clients; null when it is theirs, or is not there.</summary>
    AdminRefusal? DeletionRefusal(string topic) => null;

    ValueTask<ClusterDescription> DescribeClusterAsync(CancellationToken cancel);

    /// <summary>Where the partitions of the topics are, in the order of their numbers.</summary>
    ValueTask<IReadOnlyDictionary<string, IReadOnlyList<PartitionReplicas>>> ReplicasAsync(
        IReadOnlyCollection<string> topics, CancellationToken cancel);

    ValueTask<IReadOnlyDictionary<TopicPartition, PartitionOffsets>> OffsetsAsync(
        IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancel);

    /// <summary>
    /// Partitions that are being moved, of one topic or (null) of all; null when the client of the cluster has no way to ask.
    /// </summary>
    ValueTask<IReadOnlyList<PartitionReassignment>?> ReassignmentsAsync(string? topic, CancellationToken cancel);

    /// <summary>The configs of topics and brokers that are in force, in ordinal order of their names.</summary>
    ValueTask<IReadOnlyDictionary<ConfigResource, IReadOnlyList<ConfigValue>>> DescribeConfigsAsync(
        IReadOnlyCollection<ConfigResource> resources, CancellationToken cancel);

    /// <summary>Sets and deletes single configs (KIP-339), a resource at a time. The answer has the outcome of each alteration in its place.</summary>
    /// <param name="validateOnly">Answer as if, and change nothing.</param>
    ValueTask<IReadOnlyList<AdminRefusal?>> AlterConfigsAsync(
        IReadOnlyList<ConfigAlteration> alterations, bool validateOnly, CancellationToken cancel);

    /// <summary>Creates a topic with all that Kafka lets a client say about it.</summary>
    ValueTask<AdminRefusal?> CreateTopicAsync(TopicCreation creation, bool validateOnly, CancellationToken cancel);

    /// <summary>Gives a topic more partitions, to <paramref name="count"/> in all.</summary>
    ValueTask<AdminRefusal?> AddPartitionsAsync(string topic, int count, CancellationToken cancel);

    /// <summary>
    /// Groups in ordinal order of their ids: those named that there are, or (null) all. A group that has committed offsets and no members
    /// is Empty.
    /// </summary>
    ValueTask<IReadOnlyList<GroupDescription>> DescribeGroupsAsync(IReadOnlyCollection<string>? groups, CancellationToken cancel);
}

/// <summary>A cluster. <paramref name="ControllerId"/> is null while it has none.</summary>
/// <param name="Id">The same over restarts; Kafka's own are 22 characters of base64url.</param>
public sealed record ClusterDescription(string Id, int? ControllerId, IReadOnlyList<BrokerDescription> Brokers);

/// <summary>A broker and where it listens; null and null when nothing of it does.</summary>
public sealed record BrokerDescription(int Id, string? Host, int? Port, string? Rack);

/// <summary>Where a partition is; the first of its replicas is the preferred leader.</summary>
public sealed record PartitionReplicas(TopicPartition Partition, int? Leader, IReadOnlyList<int> Replicas, IReadOnlyList<int> InSync);

/// <summary>A partition on its way to other brokers.</summary>
public sealed record PartitionReassignment(TopicPartition Partition, IReadOnlyList<int> Adding, IReadOnlyList<int> Removing);

public enum ConfigResourceType
{
    Topic,
    Broker,
}

/// <summary>What has configs: a topic by its name, a broker by its id, all brokers (their dynamic default) by an empty name.</summary>
public readonly record struct ConfigResource(ConfigResourceType Type, string Name)
{
    public static readonly ConfigResource AllBrokers = new(ConfigResourceType.Broker, "");

    public static ConfigResource Topic(string name) => new(ConfigResourceType.Topic, name);

    public static ConfigResource Broker(int id) =>
        new(ConfigResourceType.Broker, id.ToString(System.Globalization.CultureInfo.InvariantCulture));
}

/// <summary>Where the value of a config comes from; the numbers are those of the Kafka protocol.</summary>
public enum ConfigOrigin
{
    Unknown = 0,
    DynamicTopic = 1,
    DynamicBroker = 2,
    DynamicDefaultBroker = 3,
    StaticBroker = 4,
    Default = 5,
    DynamicBrokerLogger = 6,
}

/// <summary>A config in force. <paramref name="Value"/> is null when it is sensitive or has none.</summary>
/// <param name="Synonyms">The values it is chosen from, the one in force first.</param>
public sealed record ConfigValue(
    string Name, string? Value, ConfigOrigin Origin, bool IsReadOnly, bool IsSensitive, IReadOnlyList<ConfigSynonym> Synonyms);

/// <summary>A value that a config has at one of the places where it can be set.</summary>
public sealed record ConfigSynonym(string Name, string? Value, ConfigOrigin Origin);

/// <summary>What single configs of a resource become; null deletes one, which brings its default back.</summary>
public sealed record ConfigAlteration(ConfigResource Resource, IReadOnlyDictionary<string, string?> Changes);

/// <summary>A topic to be made.</summary>
/// <param name="PartitionCount">Null leaves it to the cluster (num.partitions), or to the assignments.</param>
/// <param name="ReplicationFactor">Null leaves it to the cluster (default.replication.factor), or to the assignments.</param>
/// <param name="Assignments">The brokers of each partition, the leader first; null lets the cluster choose.</param>
public sealed record TopicCreation(
    string Name,
    int? PartitionCount,
    int? ReplicationFactor,
    IReadOnlyDictionary<int, IReadOnlyList<int>>? Assignments,
    IReadOnlyDictionary<string, string> Configs);

/// <summary>A consumer group.</summary>
/// <param name="State">As the protocol names it: Stable, Empty, PreparingRebalance, CompletingRebalance, Assigning, Reconciling, Dead.</param>
/// <param name="Type">classic, or consumer for a group of KIP-848.</param>
/// <param name="PartitionAssignor">The protocol that its members agreed on, such as range; empty while there is none.</param>
/// <param name="IsSimple">Whether it only has offsets, which no member of it committed.</param>
public sealed record GroupDescription(
    string Id, string State, string Type, string PartitionAssignor, bool IsSimple, int? Coordinator, IReadOnlyList<GroupMemberDescription> Members);

/// <summary>A member of a group and the partitions it reads.</summary>
public sealed record GroupMemberDescription(
    string Id, string? InstanceId, string ClientId, string Host, IReadOnlyList<TopicPartition> Assignment);

/// <summary>Why a change was not made.</summary>
public sealed record AdminRefusal(AdminFault Fault, string Message);

/// <summary>The kinds of <see cref="AdminRefusal"/>.</summary>
public enum AdminFault
{
    /// <summary>What was asked for cannot be: a topic that exists, an unknown config, a number out of range, a policy against it.</summary>
    Invalid,

    /// <summary>There is no such topic, partition or broker.</summary>
    NotFound,

    /// <summary>The cluster does not know the caller.</summary>
    Unauthenticated,

    /// <summary>The caller may not.</summary>
    Unauthorized,

    /// <summary>It may work when it is tried again.</summary>
    Retriable,

    /// <summary>The cluster failed.</summary>
    Failed,
}

using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Log;

namespace Sluice.KafkaWire.Groups;

/// <summary>A consumer in a group of the consumer protocol (KIP-848), dynamic or static.</summary>
internal sealed class ConsumerMember(string id)
{
    /// <summary>The epoch by which a static member says that it will be back.</summary>
    public const int AwayEpoch = -2;

    public string Id => id;

    public string? InstanceId { get; set; }

    public string? RackId { get; set; }

    public string ClientId { get; set; } = "";

    public string ClientHost { get; set; } = "";

    public TimeSpan RebalanceTimeout { get; set; }

    /// <summary>The topics subscribed to by name, in ordinal order.</summary>
    public IReadOnlyList<string> TopicNames { get; set; } = [];

    /// <summary>The topics subscribed to by a regular expression; null for none.</summary>
    public TopicPattern? Pattern { get; set; }

    /// <summary>The assignor it wants; null for any.</summary>
    public string? Assignor { get; set; }

    /// <summary>How far it has followed the group; 0 before its first assignment.</summary>
    public int Epoch { get; private set; }

    /// <summary>The epoch before, which it may still send when an answer was lost.</summary>
    public int PreviousEpoch { get; private set; }

    /// <summary>What it may read. The set is never changed, only replaced.</summary>
    public IReadOnlySet<TopicIdPartition> Assigned { get; set; } = new HashSet<TopicIdPartition>();

    /// <summary>What it has been asked to give back and has not yet.</summary>
    public IReadOnlySet<TopicIdPartition> Revoking { get; set; } = new HashSet<TopicIdPartition>();

    /// <summary>What it is to have when the group has come to rest.</summary>
    public IReadOnlySet<TopicIdPartition> Target { get; set; } = new HashSet<TopicIdPartition>();

    /// <summary>The existing topics it is subscribed to, as of <see cref="TopicsVersion"/>.</summary>
    public IReadOnlySet<Guid> Topics { get; set; } = new HashSet<Guid>();

    /// <summary>The version of the topics that <see cref="Topics"/> comes from; -1 when the subscription has changed since.</summary>
    public long TopicsVersion { get; set; } = -1;

    public bool IsAway => Epoch == AwayEpoch;

    public MemberSession? Session { get; set; }

    /// <summary>Runs while the member has partitions to give back.</summary>
    public ITimer? Rebalance { get; set; }

    public void MoveTo(int epoch)
    {
        if (epoch == Epoch) return;
        (PreviousEpoch, Epoch) = (Epoch, epoch);
    }

    /// <summary>It begins anew, with nothing.</summary>
    public void Reset() => (Epoch, PreviousEpoch, Assigned, Revoking) = (0, 0, new HashSet<TopicIdPartition>(), new HashSet<TopicIdPartition>());

    public void GoAway()
    {
        Epoch = AwayEpoch;
        Revoking = new HashSet<TopicIdPartition>();
    }

    /// <summary>The same place for another process: subscription and target stay, what the predecessor held does not.</summary>
    public ConsumerMember ReplacedBy(string newId) => new(newId)
    {
        InstanceId = InstanceId,
        RackId = RackId,
        RebalanceTimeout = RebalanceTimeout,
        TopicNames = TopicNames,
        Pattern = Pattern,
        Assignor = Assignor,
        Target = Target,
        Topics = Topics,
        TopicsVersion = TopicsVersion,
    };

    public StoredGroupMember ToStored() => new(id, JsonSerializer.Serialize(
        new ConsumerMemberState(
            InstanceId, RackId, ClientId, ClientHost, (long)RebalanceTimeout.TotalMilliseconds, TopicNames, Pattern?.Text, Assignor, Epoch,
            PreviousEpoch, Listed(Assigned), Listed(Revoking), Listed(Target)),
        ConsumerMemberJson.Default.ConsumerMemberState));

    /// <exception cref="InvalidDataException">The state was not written by this program.</exception>
    public static ConsumerMember Of(StoredGroupMember stored, KafkaLimits limits)
    {
        var state = JsonSerializer.Deserialize(stored.State, ConsumerMemberJson.Default.ConsumerMemberState)
            ?? throw new InvalidDataException($"The stored member '{stored.Id}' has no state.");
        return new ConsumerMember(stored.Id)
        {
            InstanceId = state.InstanceId,
            RackId = state.RackId,
            ClientId = state.ClientId,
            ClientHost = state.ClientHost,
            RebalanceTimeout = TimeSpan.FromMilliseconds(state.RebalanceTimeoutMs),
            TopicNames = state.Topics,
            Pattern = state.Pattern is null ? null : PatternOf(state.Pattern, limits),
            Assignor = state.Assignor,
            Epoch = state.Epoch,
            PreviousEpoch = state.PreviousEpoch,
            Assigned = SetOf(state.Assigned),
            Revoking = SetOf(state.Revoking),
            Target = SetOf(state.Target),
        };
    }

    private static TopicPattern PatternOf(string text, KafkaLimits limits) =>
        TopicPattern.TryParse(text, limits, out var reason) ?? throw new InvalidDataException($"The stored regular expression '{text}' is refused: {reason}");

    private static Dictionary<Guid, int[]> Listed(IReadOnlySet<TopicIdPartition> partitions) =>
        partitions.GroupBy(p => p.Topic).ToDictionary(t => t.Key, t => t.Select(p => p.Partition).Order().ToArray());

    private static HashSet<TopicIdPartition> SetOf(Dictionary<Guid, int[]> partitions) =>
        [.. partitions.SelectMany(t => t.Value.Select(p => new TopicIdPartition(t.Key, p)))];
}

/// <summary>A member as it is stored.</summary>
internal sealed record ConsumerMemberState(
    string? InstanceId,
    string? RackId,
    string ClientId,
    string ClientHost,
    long RebalanceTimeoutMs,
    IReadOnlyList<string> Topics,
    string? Pattern,
    string? Assignor,
    int Epoch,
    int PreviousEpoch,
    Dictionary<Guid, int[]> Assigned,
    Dictionary<Guid, int[]> Revoking,
    Dictionary<Guid, int[]> Target);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ConsumerMemberState))]
internal sealed partial class ConsumerMemberJson : JsonSerializerContext;

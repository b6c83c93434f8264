using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Groups;

/// <summary>What a member says of itself; null (and a negative timeout) where nothing has changed since it last said so.</summary>
/// <param name="Epoch">0 joins, -1 leaves, -2 leaves as a static member that will be back.</param>
/// <param name="TopicRegex">An empty one ends the subscription by a regular expression.</param>
/// <param name="Owned">The partitions it has, given-back ones left out.</param>
internal sealed record ConsumerHeartbeat(
    string GroupId,
    string MemberId,
    int Epoch,
    string? InstanceId,
    string? RackId,
    int RebalanceTimeoutMs,
    IReadOnlyList<string>? TopicNames,
    string? TopicRegex,
    string? Assignor,
    OwnedPartitions? Owned,
    string ClientId,
    string ClientHost)
{
    public const int JoinEpoch = 0;
    public const int LeaveEpoch = -1;

    public bool IsJoin => Epoch == JoinEpoch;

    /// <summary>It says everything, as one does that is not sure what the coordinator knows.</summary>
    public bool IsFull => IsJoin || (RebalanceTimeoutMs >= 0 && (TopicNames is not null || TopicRegex is not null) && Owned is not null);

    /// <summary>What is wrong with the request itself; null when nothing is.</summary>
    /// <param name="needsMemberId">Members make their own ids (KIP-1082, from version 1).</param>
    public ConsumerHeartbeatResult? Refusal(bool needsMemberId, KafkaLimits limits)
    {
        if (string.IsNullOrWhiteSpace(GroupId)) return Invalid("GroupId can't be empty.");
        if (InstanceId is not null && string.IsNullOrWhiteSpace(InstanceId)) return Invalid("InstanceId can't be empty.");
        if (RackId is not null && string.IsNullOrWhiteSpace(RackId)) return Invalid("RackId can't be empty.");
        if (Epoch < ConsumerMember.AwayEpoch) return Invalid("MemberEpoch is invalid.");
        if (MemberId.Length == 0 && (needsMemberId || !IsJoin)) return Invalid("MemberId can't be empty.");
        if (Epoch == ConsumerMember.AwayEpoch && InstanceId is null) return Invalid("InstanceId can't be null.");
        if (IsJoin && RebalanceTimeoutMs < 0) return Invalid("RebalanceTimeoutMs must be provided in first request.");
        if (IsJoin && Owned is not { IsEmpty: true }) return Invalid("TopicPartitions must be empty when (re-)joining.");
        if (IsJoin && TopicNames is null && TopicRegex is null) return Invalid("SubscribedTopicNames or SubscribedTopicRegex must be set when (re-)joining.");
        if (Length > limits.MemberBytesMax) return Invalid($"What is kept of a member is longer than {limits.MemberBytesMax} bytes.");
        if (Assignor is null || Assignors.Find(Assignor) is not null) return null;
        return ConsumerHeartbeatResult.Refused(
            KafkaError.UnsupportedAssignor, $"There is no assignor '{Assignor}'. Use one of: {string.Join(", ", Assignors.Names)}.");
    }

    /// <summary>Characters of what is kept of the member.</summary>
    private long Length =>
        GroupId.Length + MemberId.Length + (InstanceId?.Length ?? 0) + (RackId?.Length ?? 0) + (TopicNames?.Sum(n => (long)n.Length) ?? 0);

    private static ConsumerHeartbeatResult Invalid(string message) => ConsumerHeartbeatResult.Refused(KafkaError.InvalidRequest, message);
}

/// <summary>Partitions as a request lists them; never more than its bytes.</summary>
internal readonly record struct OwnedPartitions((Guid Topic, int[] Partitions)[] Topics)
{
    public bool IsEmpty => Topics.Length == 0;

    public bool HasAnyOf(IReadOnlySet<TopicIdPartition> set) => Topics.Any(t => t.Partitions.Any(p => set.Contains(new TopicIdPartition(t.Topic, p))));

    public bool AreAllIn(IReadOnlySet<TopicIdPartition> set) => Topics.All(t => t.Partitions.All(p => set.Contains(new TopicIdPartition(t.Topic, p))));
}

/// <summary>What a member is told; an assignment only when it is to look at it.</summary>
internal sealed record ConsumerHeartbeatResult(
    KafkaError Error, string? Message, string? MemberId, int Epoch, IReadOnlySet<TopicIdPartition>? Assignment)
{
    public static ConsumerHeartbeatResult Refused(KafkaError error, string message) => new(error, message, null, 0, null);
}

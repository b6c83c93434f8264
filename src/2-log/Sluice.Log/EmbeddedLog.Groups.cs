namespace Sluice.Log;

public sealed partial class EmbeddedLog
{
    private long _topicsVersion;

    /// <summary>Grows with every topic that comes or goes and with every partition that is added; a list taken after it is at least as new.</summary>
    public long TopicsVersion => Interlocked.Read(ref _topicsVersion);

    /// <summary>The consumer groups (KIP-848) that were stored, with their members.</summary>
    public IReadOnlyList<StoredConsumerGroup> StoredConsumerGroups() => _storage.Metadata.ConsumerGroups();

    /// <summary>Stores changes of consumer groups, all in one transaction.</summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public ValueTask SaveConsumerGroupsAsync(IReadOnlyList<ConsumerGroupChange> changes) =>
        ChangeAsync(() => _storage.Metadata.SaveConsumerGroups(changes));

    /// <summary>
    /// Says that groups which were last stored as having members have none since <paramref name="nowMs"/>, ms since the epoch: the broker
    /// starts. Members of the consumer protocol are stored themselves, and count as long as they are.
    /// </summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public ValueTask EndPresenceAsync(long nowMs) => ChangeAsync(() => _storage.Metadata.EndPresence(nowMs));

    /// <summary>
    /// Deletes the committed offsets with a <see cref="CommittedOffset.CommittedMs"/> that is not after <paramref name="committedMs"/>, of groups
    /// that have no members and had none since then. Those that an open transaction is about to replace stay.
    /// </summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public async ValueTask<int> ExpireOffsetsAsync(long committedMs)
    {
        var expired = 0;
        await ChangeAsync(() => expired = _storage.Metadata.ExpireOffsets(committedMs));
        return expired;
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public ValueTask KeepOffsetsAsync(IReadOnlyCollection<string> groups, CancellationToken cancel) =>
        ChangeAsync(() => _storage.Metadata.KeepOffsets(groups, _storage.Time.GetUtcNow().ToUnixTimeMilliseconds()));

    /// <summary>The groups that have committed offsets, in ordinal order.</summary>
    /// <exception cref="IOException">The metadata could not be read.</exception>
    public IReadOnlyList<string> ListGroups() => _storage.Metadata.Groups();

    /// <summary>Deletes committed offsets of a group, all of them when no partitions are named, in one transaction.</summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public async ValueTask DeleteCommittedOffsetsAsync(string group, IReadOnlyList<TopicPartition>? partitions, CancellationToken cancel)
    {
        (Guid, int)[]? rows = partitions is null
            ? null
            : [.. partitions.SelectMany(p => _topics.TryGetValue(p.Topic, out var live) ? [(live.Description.Id, p.Partition)] : Array.Empty<(Guid, int)>())];
        await _commitGate.WaitAsync(cancel);
        try
        {
            _storage.Metadata.DeleteOffsets(group, rows);
        }
        finally
        {
            _commitGate.Release();
        }
    }
}

/// <summary>A consumer group (KIP-848) as it is stored.</summary>
/// <param name="Epoch">Counts the changes of its members, subscriptions and topics.</param>
/// <param name="AssignmentEpoch">The epoch that the members' targets were made for.</param>
public sealed record StoredConsumerGroup(string Id, int Epoch, int AssignmentEpoch, IReadOnlyList<StoredGroupMember> Members);

/// <summary>A member of a consumer group; its state is JSON of the coordinator's, which docs/formats/log.md shows.</summary>
public sealed record StoredGroupMember(string Id, string State);

/// <summary>What has changed of a group; one of the classic protocol has no epochs and no members here.</summary>
/// <param name="Epochs">The epochs of the group and of its assignment; null when the group is gone with all its members.</param>
/// <param name="Members">Members that are new or changed.</param>
/// <param name="Gone">Ids of members that have left.</param>
public sealed record ConsumerGroupChange(
    string Group, (int Group, int Assignment)? Epochs, IReadOnlyList<StoredGroupMember> Members, IReadOnlyList<string> Gone)
{
    /// <summary>Whether the group has members, when that has changed; null when it has not.</summary>
    public GroupPresence? Presence { get; init; }
}

/// <summary>Whether a group has members.</summary>
/// <param name="EmptyMs">When the last one was gone, ms since the epoch; null while there are some.</param>
public readonly record struct GroupPresence(long? EmptyMs);

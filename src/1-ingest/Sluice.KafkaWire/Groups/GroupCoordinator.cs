using System.Diagnostics.CodeAnalysis;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Groups;

/// <summary>
/// All groups of the broker, those of the classic protocol and those of the consumer protocol. The members of a classic group live in
/// memory: after a restart they are unknown and join again, while committed offsets are in the log's metadata. One lock serves all
/// groups: most calls look into tables, and the longest, a heartbeat that assigns 10,000 partitions of ten topics to 1,000 members of the
/// consumer protocol anew, takes five milliseconds. That time grows with the partitions and with the topics that each member names.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle nobody asks for holds nothing to dispose.")]
internal sealed partial class GroupCoordinator
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Group> _groups = new(StringComparer.Ordinal);
    private readonly KafkaOptions _options;
    private readonly TimeProvider _time;
    private readonly Func<IReadOnlyList<ConsumerGroupChange>, ValueTask> _save;

    /// <param name="stored">The consumer groups there were when the broker ended.</param>
    /// <param name="save">Stores changes of consumer groups, and which groups have members.</param>
    public GroupCoordinator(
        KafkaOptions options,
        TimeProvider time,
        IReadOnlyList<StoredConsumerGroup> stored,
        Func<IReadOnlyList<ConsumerGroupChange>, ValueTask> save)
    {
        (_options, _time, _save) = (options, time, save);
        // Sessions begin with this, and end under the lock.
        lock (_gate)
        {
            foreach (var group in stored) NewConsumers(group.Id).Restore(group);
        }
    }

    public Task<JoinResult> JoinAsync(string groupId, JoinRequest join)
    {
        var limits = _options.Limits;
        if (groupId.Length == 0) return RefusedAsync(KafkaError.InvalidGroupId, join);
        if (join.SessionTimeout < limits.SessionTimeoutMin || join.SessionTimeout > limits.SessionTimeoutMax)
            return RefusedAsync(KafkaError.InvalidSessionTimeout, join);
        if (join.Protocols.Sum(p => (long)p.Metadata.Length) > limits.MemberBytesMax) return RefusedAsync(KafkaError.InvalidRequest, join);
        lock (_gate)
        {
            if (!_groups.TryGetValue(groupId, out var group))
            {
                if (join.MemberId.Length > 0) return RefusedAsync(KafkaError.UnknownMemberId, join);
                // Members of the two protocols do not mix; without any, the group becomes one of who joins.
                if (!TryForgetConsumers(groupId)) return RefusedAsync(KafkaError.InconsistentGroupProtocol, join);
                if (!HasRoom()) return RefusedAsync(KafkaError.CoordinatorNotAvailable, join);
                _groups.Add(groupId, group = new Group(groupId, _gate, _options, _time, NotePresence));
            }

            return group.JoinAsync(join);
        }
    }

    public Task<SyncResult> SyncAsync(string groupId, SyncRequest sync)
    {
        lock (_gate)
        {
            return _groups.TryGetValue(groupId, out var group)
                ? group.SyncAsync(sync)
                : Task.FromResult(new SyncResult(KafkaError.UnknownMemberId, null, null, []));
        }
    }

    public KafkaError Heartbeat(string groupId, string memberId, string? instanceId, int generation)
    {
        lock (_gate) return _groups.TryGetValue(groupId, out var group) ? group.Heartbeat(memberId, instanceId, generation) : KafkaError.UnknownMemberId;
    }

    public KafkaError Leave(string groupId, string memberId, string? instanceId)
    {
        lock (_gate) return _groups.TryGetValue(groupId, out var group) ? group.Leave(memberId, instanceId) : KafkaError.UnknownMemberId;
    }

    /// <summary>Whether a client may commit offsets of the group in this generation, or epoch.</summary>
    /// <param name="knowsEpochs">The request is one of those that members of the consumer protocol use.</param>
    /// <param name="isTransactional">They are committed with a producer's transaction.</param>
    public KafkaError MayCommit(
        string groupId, string memberId, string? instanceId, int generation, bool knowsEpochs, bool isTransactional = false)
    {
        lock (_gate)
        {
            if (_consumerGroups.TryGetValue(groupId, out var consumers))
            {
                var error = consumers.MayCommit(memberId, generation);
                var isMembers = error is KafkaError.StaleMemberEpoch or KafkaError.None && !consumers.IsEmpty;
                return isMembers && !knowsEpochs ? KafkaError.UnsupportedVersion : error;
            }

            if (_groups.TryGetValue(groupId, out var group)) return group.MayCommit(memberId, instanceId, generation, isTransactional);
            return generation < 0 ? KafkaError.None : KafkaError.IllegalGeneration;
        }
    }

    /// <summary>Looks at a classic group with the lock held; the default when it has no members and never had since the start.</summary>
    public T? Look<T>(string groupId, Func<Group, T> look)
    {
        lock (_gate) return _groups.TryGetValue(groupId, out var group) ? look(group) : default;
    }

    /// <summary>Looks at every classic group, with the lock held.</summary>
    public IReadOnlyList<T> LookAtAll<T>(Func<Group, T> look)
    {
        lock (_gate) return [.. _groups.Values.Select(look)];
    }

    /// <summary>Forgets a group that has no members.</summary>
    /// <returns>False when it has some.</returns>
    public bool TryForget(string groupId)
    {
        lock (_gate)
        {
            if (!_groups.TryGetValue(groupId, out var group)) return TryForgetConsumers(groupId);
            if (!group.IsEmpty) return false;
            group.End(KafkaError.GroupIdNotFound);
            return _groups.Remove(groupId);
        }
    }

    /// <summary>Forgets the groups that have no members and are not among these, which have offsets.</summary>
    public void ForgetEmpty(IReadOnlySet<string> withOffsets)
    {
        lock (_gate) DropEmpty(withOffsets);
    }

    /// <summary>Answers all that wait; the broker stops.</summary>
    public void End()
    {
        lock (_gate)
        {
            foreach (var group in _groups.Values) group.End(KafkaError.CoordinatorNotAvailable);
            _groups.Clear();
            foreach (var group in _consumerGroups.Values) group.End();
            _isEnded = true;
        }
    }

    private static Task<JoinResult> RefusedAsync(KafkaError error, JoinRequest join) => Task.FromResult(JoinResult.Refused(error, join.MemberId));

    private bool HasRoom()
    {
        if (_groups.Count + _consumerGroups.Count >= _options.Limits.GroupsMax) DropEmpty(kept: null);
        return _groups.Count + _consumerGroups.Count < _options.Limits.GroupsMax;
    }

    private void DropEmpty(IReadOnlySet<string>? kept)
    {
        foreach (var id in _consumerGroups.Keys.Where(id => kept?.Contains(id) != true).ToArray()) TryForgetConsumers(id);
        foreach (var group in _groups.Values.Where(g => g.IsEmpty && kept?.Contains(g.Id) != true).ToArray())
        {
            group.End(KafkaError.GroupIdNotFound);
            _groups.Remove(group.Id);
        }
    }
}

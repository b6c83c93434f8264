using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Groups;

/// <summary>
/// All groups of the broker. Members live in memory: after a restart every member is unknown and joins again, while committed offsets are
/// in the log's metadata. One lock serves all groups, for no call does more than look into tables.
/// </summary>
internal sealed class GroupCoordinator(KafkaOptions options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Group> _groups = new(StringComparer.Ordinal);

    public Task<JoinResult> JoinAsync(string groupId, JoinRequest join)
    {
        var limits = options.Limits;
        if (groupId.Length == 0) return RefusedAsync(KafkaError.InvalidGroupId, join);
        if (join.SessionTimeout < limits.SessionTimeoutMin || join.SessionTimeout > limits.SessionTimeoutMax)
            return RefusedAsync(KafkaError.InvalidSessionTimeout, join);
        if (join.Protocols.Sum(p => (long)p.Metadata.Length) > limits.MemberBytesMax) return RefusedAsync(KafkaError.InvalidRequest, join);
        lock (_gate)
        {
            if (!_groups.TryGetValue(groupId, out var group))
            {
                if (join.MemberId.Length > 0) return RefusedAsync(KafkaError.UnknownMemberId, join);
                if (_groups.Count >= limits.GroupsMax) DropEmpty();
                if (_groups.Count >= limits.GroupsMax) return RefusedAsync(KafkaError.CoordinatorNotAvailable, join);
                _groups.Add(groupId, group = new Group(groupId, _gate, options, time));
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

    /// <summary>Whether a client may commit offsets of the group in this generation.</summary>
    public KafkaError MayCommit(string groupId, string memberId, string? instanceId, int generation)
    {
        lock (_gate)
        {
            if (_groups.TryGetValue(groupId, out var group)) return group.MayCommit(memberId, instanceId, generation);
            return generation < 0 ? KafkaError.None : KafkaError.IllegalGeneration;
        }
    }

    /// <summary>Looks at a group with the lock held; the default when it has no members and never had since the start.</summary>
    public T? Look<T>(string groupId, Func<Group, T> look)
    {
        lock (_gate) return _groups.TryGetValue(groupId, out var group) ? look(group) : default;
    }

    /// <summary>Looks at every group, with the lock held.</summary>
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
            if (!_groups.TryGetValue(groupId, out var group)) return true;
            if (!group.IsEmpty) return false;
            group.End(KafkaError.GroupIdNotFound);
            return _groups.Remove(groupId);
        }
    }

    /// <summary>Answers all that wait; the broker stops.</summary>
    public void End()
    {
        lock (_gate)
        {
            foreach (var group in _groups.Values) group.End(KafkaError.CoordinatorNotAvailable);
            _groups.Clear();
        }
    }

    private static Task<JoinResult> RefusedAsync(KafkaError error, JoinRequest join) => Task.FromResult(JoinResult.Refused(error, join.MemberId));

    private void DropEmpty()
    {
        foreach (var group in _groups.Values.Where(g => g.IsEmpty).ToArray())
        {
            group.End(KafkaError.GroupIdNotFound);
            _groups.Remove(group.Id);
        }
    }
}

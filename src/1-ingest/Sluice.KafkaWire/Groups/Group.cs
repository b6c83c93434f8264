using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Groups;

/// <summary>Where a group is in its life; the names are those that clients show.</summary>
internal enum GroupState
{
    /// <summary>It has no members; it may have committed offsets.</summary>
    Empty,

    /// <summary>Members are expected to join the next generation.</summary>
    PreparingRebalance,

    /// <summary>The generation has begun, its leader's assignment is awaited.</summary>
    CompletingRebalance,

    Stable,
}

/// <summary>
/// A group of the classic protocol (KIP-62): its members join, one of them assigns, all get their part. Every call is made with the
/// coordinator's lock held, which the timers take too.
/// </summary>
/// <param name="peopled">Told when the group gets its first member (true) and when it has lost its last (false).</param>
internal sealed partial class Group(string id, Lock gate, KafkaOptions options, TimeProvider time, Action<string, bool> peopled)
{
    private readonly OrderedDictionary<string, GroupMember> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _instances = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ITimer> _pending = new(StringComparer.Ordinal);
    private string? _leader;

    public string Id => id;

    public GroupState State { get; private set; }

    public string ProtocolType { get; private set; } = "";

    public string? Protocol { get; private set; }

    public int Generation { get; private set; }

    public IReadOnlyCollection<GroupMember> Members => _members.Values;

    /// <summary>Nobody is in it or has been promised to be.</summary>
    public bool IsEmpty => _members.Count == 0 && _pending.Count == 0;

    public Task<JoinResult> JoinAsync(JoinRequest join)
    {
        var error = Check(join, out var member);
        if (error != KafkaError.None) return DoneAsync(JoinResult.Refused(error, join.MemberId));
        if (member is not null && member.Id != join.MemberId) return ReplaceAsync(member, join);
        if (member is not null) return RejoinAsync(member, join);
        if (join.WantsIdFirst && join.InstanceId is null && join.MemberId.Length == 0)
            return DoneAsync(JoinResult.Refused(KafkaError.MemberIdRequired, Promise(join)));
        return AddAsync(join);
    }

    public Task<SyncResult> SyncAsync(SyncRequest sync)
    {
        var error = Validate(sync.MemberId, sync.InstanceId, sync.Generation, out var member);
        if (error == KafkaError.None
            && ((sync.ProtocolType is not null && sync.ProtocolType != ProtocolType) || (sync.Protocol is not null && sync.Protocol != Protocol)))
            error = KafkaError.InconsistentGroupProtocol;
        if (error == KafkaError.None && State is GroupState.PreparingRebalance or GroupState.Empty) error = KafkaError.RebalanceInProgress;
        if (error != KafkaError.None) return Task.FromResult(new SyncResult(error, null, null, []));
        member!.HasSynced = true;
        Touch(member);
        if (State == GroupState.Stable) return Task.FromResult(Assigned(member));
        member.Syncing?.TrySetResult(new SyncResult(KafkaError.RebalanceInProgress, null, null, []));
        var syncing = new TaskCompletionSource<SyncResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        member.Syncing = syncing;
        if (member.Id == _leader) Assign(sync.Assignments);
        return syncing.Task;
    }

    public KafkaError Heartbeat(string memberId, string? instanceId, int generation)
    {
        var error = Validate(memberId, instanceId, generation, out var member);
        if (error != KafkaError.None) return error;
        Touch(member!);
        return State == GroupState.PreparingRebalance ? KafkaError.RebalanceInProgress : KafkaError.None;
    }

    /// <summary>Whether offsets may be committed; a generation below zero is that of a client that uses the group for its offsets only.</summary>
    /// <param name="isTransactional">A producer commits them for the member, which may wait for its assignment meanwhile.</param>
    public KafkaError MayCommit(string memberId, string? instanceId, int generation, bool isTransactional)
    {
        if (generation < 0 && State == GroupState.Empty) return KafkaError.None;
        var error = Validate(memberId, instanceId, generation, out var member);
        if (error != KafkaError.None) return error;
        if (!isTransactional && State == GroupState.CompletingRebalance) return KafkaError.RebalanceInProgress;
        Touch(member!);
        return KafkaError.None;
    }

    /// <summary>Takes a member out, by its id or, without one, by its instance id.</summary>
    public KafkaError Leave(string memberId, string? instanceId)
    {
        if (_pending.Remove(memberId, out var pending))
        {
            pending.Dispose();
            CompleteWhenAllJoined();
            return KafkaError.None;
        }

        if (instanceId is not null)
        {
            if (!_instances.TryGetValue(instanceId, out var current)) return KafkaError.UnknownMemberId;
            if (memberId.Length == 0) memberId = current;
            else if (memberId != current) return KafkaError.FencedInstanceId;
        }

        if (!_members.TryGetValue(memberId, out var member)) return KafkaError.UnknownMemberId;
        Remove(member);
        return KafkaError.None;
    }

    /// <summary>Ends all waits and timers: the broker stops, or the group is deleted.</summary>
    public void End(KafkaError error)
    {
        foreach (var pending in _pending.Values) pending.Dispose();
        foreach (var member in _members.Values)
        {
            member.Session?.Dispose();
            member.Refuse(error);
        }

        _rebalance?.Dispose();
        _rebalance = null;
    }

    private static Task<JoinResult> DoneAsync(JoinResult result) => Task.FromResult(result);

    /// <summary>Whether the request can be served, and the member it comes from; null for a new one.</summary>
    private KafkaError Check(JoinRequest join, out GroupMember? member)
    {
        member = null;
        if (join.InstanceId is not null && _instances.TryGetValue(join.InstanceId, out var current))
        {
            if (join.MemberId.Length > 0 && join.MemberId != current) return KafkaError.FencedInstanceId;
            member = _members[current];
        }
        else if (join.MemberId.Length > 0 && !_members.TryGetValue(join.MemberId, out member) && !_pending.ContainsKey(join.MemberId))
        {
            return KafkaError.UnknownMemberId;
        }

        if (member is null && _members.Count + _pending.Count - (join.MemberId.Length > 0 ? 1 : 0) >= options.Limits.GroupMembersMax)
            return KafkaError.GroupMaxSizeReached;
        return Fits(join, member) ? KafkaError.None : KafkaError.InconsistentGroupProtocol;
    }

    private bool Fits(JoinRequest join, GroupMember? member)
    {
        if (join.ProtocolType.Length == 0 || join.Protocols.Count == 0) return false;
        var others = _members.Values.Where(m => m != member).ToArray();
        if (others.Length == 0) return true;
        return join.ProtocolType == ProtocolType && join.Protocols.Any(p => others.All(o => o.Protocols.Any(q => q.Name == p.Name)));
    }

    private KafkaError Validate(string memberId, string? instanceId, int generation, out GroupMember? member)
    {
        member = null;
        if (instanceId is not null)
        {
            if (!_instances.TryGetValue(instanceId, out var current)) return KafkaError.UnknownMemberId;
            if (current != memberId) return KafkaError.FencedInstanceId;
        }

        if (!_members.TryGetValue(memberId, out member)) return KafkaError.UnknownMemberId;
        return generation == Generation ? KafkaError.None : KafkaError.IllegalGeneration;
    }

    private SyncResult Assigned(GroupMember member) => new(KafkaError.None, ProtocolType, Protocol, member.Assignment);

    private void Assign(IReadOnlyDictionary<string, byte[]> assignments)
    {
        foreach (var member in _members.Values)
        {
            member.Assignment = assignments.GetValueOrDefault(member.Id) ?? [];
            member.Syncing?.TrySetResult(Assigned(member));
            if (member.Syncing is not null) Touch(member);
            member.Syncing = null;
        }

        State = GroupState.Stable;
        if (_members.Values.All(m => m.HasSynced)) StopRebalanceTimer();
    }

    /// <summary>The member was heard of: its session begins again.</summary>
    private void Touch(GroupMember member)
    {
        member.Session ??= new MemberSession(time, gate, () => OnSilence(member));
        member.Session.Begin(member.SessionTimeout);
    }

    private void OnSilence(GroupMember member)
    {
        // One that waits for the others has nothing to say.
        if (member.Joining is not null || member.Syncing is not null) Touch(member);
        else Remove(member);
    }
}

/// <summary>A member asks for its assignment; the leader brings that of everybody.</summary>
internal sealed record SyncRequest(
    string MemberId,
    string? InstanceId,
    int Generation,
    string? ProtocolType,
    string? Protocol,
    IReadOnlyDictionary<string, byte[]> Assignments);

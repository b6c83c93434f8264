using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Groups;

internal sealed partial class Group
{
    private ITimer? _rebalance;
    private int _rebalanceNumber;
    private bool _waitsForMore;

    private string Promise(JoinRequest join)
    {
        var memberId = NewMemberId(join);
        _pending[memberId] = time.CreateTimer(
            _ =>
            {
                lock (gate)
                {
                    if (!_pending.Remove(memberId, out var timer)) return;
                    timer.Dispose();
                    CompleteWhenAllJoined();
                }
            },
            null,
            join.SessionTimeout,
            Timeout.InfiniteTimeSpan);
        return memberId;
    }

    private Task<JoinResult> AddAsync(JoinRequest join)
    {
        if (_pending.Remove(join.MemberId, out var pending)) pending.Dispose();
        var member = new GroupMember(join.MemberId.Length > 0 ? join.MemberId : NewMemberId(join), join);
        if (_members.Count == 0) ProtocolType = join.ProtocolType;
        _members.Add(member.Id, member);
        if (_members.Count == 1) peopled(id, true);
        if (member.InstanceId is not null) _instances[member.InstanceId] = member.Id;
        return JoinNextAsync(member);
    }

    private Task<JoinResult> RejoinAsync(GroupMember member, JoinRequest join)
    {
        var isSame = member.HasSame(join.Protocols);
        member.Update(join);
        Touch(member);
        // A leader that joins a stable group wants to assign anew; a follower may only have missed the answer.
        var isKnown = (State == GroupState.CompletingRebalance && isSame) || (State == GroupState.Stable && isSame && member.Id != _leader);
        return isKnown ? DoneAsync(Current(member, _leader!)) : JoinNextAsync(member);
    }

    /// <summary>A static member has been started again: it takes over its own place, with a new id that shuts out its predecessor.</summary>
    private Task<JoinResult> ReplaceAsync(GroupMember member, JoinRequest join)
    {
        var (oldId, isSame) = (member.Id, member.HasSame(join.Protocols));
        member.Refuse(KafkaError.FencedInstanceId);
        _members.Remove(oldId);
        member.Id = NewMemberId(join);
        _members.Add(member.Id, member);
        _instances[join.InstanceId!] = member.Id;
        var wasLeader = _leader == oldId;
        if (wasLeader) _leader = member.Id;
        member.Update(join);
        Touch(member);
        if (State != GroupState.Stable || !isSame) return JoinNextAsync(member);
        // It keeps its assignment. A client that cannot skip assigning is told of the leader's old id, so it takes itself for a follower.
        if (!wasLeader) return DoneAsync(Current(member, _leader!));
        return DoneAsync(join.CanSkipAssignment
            ? Current(member, member.Id) with { SkipAssignment = true, Members = JoinedMembers() }
            : Current(member, oldId));
    }

    private Task<JoinResult> JoinNextAsync(GroupMember member)
    {
        member.Joining?.TrySetResult(JoinResult.Refused(KafkaError.RebalanceInProgress, member.Id));
        var joining = new TaskCompletionSource<JoinResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        member.Joining = joining;
        Touch(member);
        if (State == GroupState.PreparingRebalance) CompleteWhenAllJoined();
        else PrepareRebalance();
        return joining.Task;
    }

    private void Remove(GroupMember member)
    {
        _members.Remove(member.Id);
        if (_members.Count == 0) peopled(id, false);
        if (member.InstanceId is not null) _instances.Remove(member.InstanceId);
        member.Session?.Dispose();
        member.Refuse(KafkaError.UnknownMemberId);
        if (_leader == member.Id) _leader = null;
        if (State is GroupState.Stable or GroupState.CompletingRebalance) PrepareRebalance();
        else CompleteWhenAllJoined();
    }

    private void PrepareRebalance()
    {
        if (State == GroupState.CompletingRebalance)
        {
            foreach (var member in _members.Values)
            {
                member.Syncing?.TrySetResult(new SyncResult(KafkaError.RebalanceInProgress, null, null, []));
                member.Syncing = null;
            }
        }

        _waitsForMore = State == GroupState.Empty && options.InitialRebalanceDelay > TimeSpan.Zero;
        State = GroupState.PreparingRebalance;
        StartRebalanceTimer(_waitsForMore ? options.InitialRebalanceDelay : RebalanceTimeout(), CompleteJoin);
        CompleteWhenAllJoined();
    }

    private void CompleteWhenAllJoined()
    {
        if (State != GroupState.PreparingRebalance || _waitsForMore) return;
        if (_pending.Count == 0 && _members.Values.All(m => m.Joining is not null)) CompleteJoin();
    }

    /// <summary>Begins the generation with those that have joined; dynamic members that have not are out of the group.</summary>
    private void CompleteJoin()
    {
        _waitsForMore = false;
        foreach (var late in _members.Values.Where(m => m.Joining is null && m.InstanceId is null).ToArray())
        {
            _members.Remove(late.Id);
            if (_members.Count == 0) peopled(id, false);
            late.Session?.Dispose();
            if (_leader == late.Id) _leader = null;
        }

        if (_members.Count == 0)
        {
            StopRebalanceTimer();
            Generation++;
            (State, Protocol, _leader) = (GroupState.Empty, null, null);
            return;
        }

        if (_leader is null || _members[_leader].Joining is null) _leader = _members.Values.FirstOrDefault(m => m.Joining is not null)?.Id;
        if (_leader is null)
        {
            // Only static members are left, none of them back: their sessions end this. Their timeout may be none at all, which is no pause.
            var pause = options.Limits.AbsentMembersPauseMin;
            StartRebalanceTimer(RebalanceTimeout() is var timeout && timeout > pause ? timeout : pause, CompleteJoin);
            return;
        }

        BeginGeneration();
    }

    private void BeginGeneration()
    {
        Generation++;
        Protocol = SelectProtocol();
        State = GroupState.CompletingRebalance;
        StartRebalanceTimer(RebalanceTimeout(), RemoveThoseWithoutSync);
        foreach (var member in _members.Values)
        {
            (member.HasSynced, member.Assignment) = (false, []);
            var joining = member.Joining;
            member.Joining = null;
            if (joining is null) continue;
            Touch(member);
            var result = Current(member, _leader!);
            joining.TrySetResult(member.Id == _leader ? result with { Members = JoinedMembers() } : result);
        }
    }

    /// <summary>The protocol that all members know and most like best.</summary>
    private string SelectProtocol()
    {
        var members = _members.Values;
        var known = members.First().Protocols.Select(p => p.Name).Where(n => members.All(m => m.Protocols.Any(p => p.Name == n))).ToArray();
        return members.Select(m => m.Protocols.First(p => known.Contains(p.Name)).Name)
            .CountBy(n => n).MaxBy(v => v.Value).Key;
    }

    /// <summary>A member that joined and then never asked for its assignment holds up the others.</summary>
    private void RemoveThoseWithoutSync()
    {
        StopRebalanceTimer();
        foreach (var silent in _members.Values.Where(m => !m.HasSynced).ToArray()) Remove(silent);
    }

    private JoinResult Current(GroupMember member, string leader) =>
        new(KafkaError.None, Generation, ProtocolType, Protocol, leader, member.Id, member.Id == leader ? JoinedMembers() : []);

    private JoinedMember[] JoinedMembers() => [.. _members.Values.Select(m => new JoinedMember(m.Id, m.InstanceId, m.MetadataOf(Protocol)))];

    private TimeSpan RebalanceTimeout() => _members.Count == 0 ? TimeSpan.Zero : _members.Values.Max(m => m.RebalanceTimeout);

    private void StartRebalanceTimer(TimeSpan due, Action work)
    {
        StopRebalanceTimer();
        var number = _rebalanceNumber;
        _rebalance = time.CreateTimer(
            _ =>
            {
                lock (gate)
                {
                    // One that was stopped may be on its way here already.
                    if (number == _rebalanceNumber && _rebalance is not null) work();
                }
            },
            null,
            due,
            Timeout.InfiniteTimeSpan);
    }

    private void StopRebalanceTimer()
    {
        _rebalanceNumber++;
        _rebalance?.Dispose();
        _rebalance = null;
    }

    private static string NewMemberId(JoinRequest join) => $"{join.InstanceId ?? join.ClientId}-{Guid.NewGuid()}";
}

using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Groups;

internal sealed partial class ConsumerGroup
{
    /// <summary>The member that a heartbeat comes from, which may be a new one; or why it is refused, and nothing has changed then.</summary>
    private ConsumerHeartbeatResult? Admit(ConsumerHeartbeat heartbeat, out ConsumerMember? member)
    {
        if (heartbeat.InstanceId is { } instance && _instances.TryGetValue(instance, out member))
        {
            if (heartbeat.IsJoin) return AdmitInstance(heartbeat, member, out member);
            return member.Id == heartbeat.MemberId ? CheckEpoch(heartbeat, member) : Fenced(heartbeat, member);
        }

        if (_members.TryGetValue(heartbeat.MemberId, out member))
        {
            if (!heartbeat.IsJoin) return CheckEpoch(heartbeat, member);
            TakeBack(member);
            return null;
        }

        if (!heartbeat.IsJoin) return heartbeat.InstanceId is null ? Unknown(heartbeat.MemberId) : UnknownInstance(heartbeat.InstanceId);
        var max = _options.Limits.GroupMembersMax;
        if (_members.Count >= max) return ConsumerHeartbeatResult.Refused(KafkaError.GroupMaxSizeReached, $"The group '{Id}' has {max} members and takes no more.");
        member = new ConsumerMember(heartbeat.MemberId.Length > 0 ? heartbeat.MemberId : Guid.NewGuid().ToString()) { InstanceId = heartbeat.InstanceId };
        Add(member);
        Bump();
        return null;
    }

    /// <summary>A static member is started again: it gets the place of its predecessor, if that has left it.</summary>
    private ConsumerHeartbeatResult? AdmitInstance(ConsumerHeartbeat heartbeat, ConsumerMember holder, out ConsumerMember? member)
    {
        member = holder;
        if (holder.Id == heartbeat.MemberId)
        {
            TakeBack(holder);
            return null;
        }

        if (!holder.IsAway)
        {
            return ConsumerHeartbeatResult.Refused(
                KafkaError.UnreleasedInstanceId, $"The instance id '{holder.InstanceId}' is in use by the member '{holder.Id}', which has to leave first.");
        }

        member = holder.ReplacedBy(heartbeat.MemberId.Length > 0 ? heartbeat.MemberId : Guid.NewGuid().ToString());
        Drop(holder);
        Add(member);
        return null;
    }

    /// <summary>One that joins has nothing: what it had is free, and given again as its target says.</summary>
    private void TakeBack(ConsumerMember member)
    {
        Release(member, member.Assigned);
        Release(member, member.Revoking);
        StopRebalance(member);
        member.Reset();
        _changed(Id, member.Id);
    }

    private static ConsumerHeartbeatResult? CheckEpoch(ConsumerHeartbeat heartbeat, ConsumerMember member)
    {
        if (heartbeat.Epoch == member.Epoch) return null;
        // The answer that moved it on was lost: it is let go on as long as it has nothing that it should not have.
        var missedOne = heartbeat.Epoch == member.PreviousEpoch && heartbeat.Epoch < member.Epoch;
        if (missedOne && heartbeat.Owned is { } owned && owned.AreAllIn(member.Assigned)) return null;
        return ConsumerHeartbeatResult.Refused(
            KafkaError.FencedMemberEpoch,
            $"The member '{member.Id}' is in epoch {member.Epoch}, not {heartbeat.Epoch}. It has to give up its partitions and join again.");
    }

    private static ConsumerHeartbeatResult Unknown(string memberId) =>
        ConsumerHeartbeatResult.Refused(KafkaError.UnknownMemberId, $"There is no member '{memberId}' in the group. It has to join again.");

    private static ConsumerHeartbeatResult UnknownInstance(string instanceId) =>
        ConsumerHeartbeatResult.Refused(KafkaError.UnknownMemberId, $"There is no static member '{instanceId}' in the group. It has to join again.");

    private static ConsumerHeartbeatResult Fenced(ConsumerHeartbeat heartbeat, ConsumerMember holder) =>
        ConsumerHeartbeatResult.Refused(
            KafkaError.FencedInstanceId, $"The static member '{holder.InstanceId}' is '{holder.Id}' and no longer '{heartbeat.MemberId}'.");

    private void Add(ConsumerMember member)
    {
        _members.Add(member.Id, member);
        if (member.InstanceId is not null) _instances[member.InstanceId] = member;
        _changed(Id, member.Id);
    }

    /// <summary>The end of a member: what it had is free from here on.</summary>
    private void Remove(ConsumerMember member)
    {
        Drop(member);
        Bump();
    }

    private void Drop(ConsumerMember member)
    {
        EndTimers(member);
        Release(member, member.Assigned);
        Release(member, member.Revoking);
        _members.Remove(member.Id);
        if (member.InstanceId is not null) _instances.Remove(member.InstanceId);
        _changed(Id, member.Id);
    }

    /// <summary>A static member keeps its place and its partitions until its session ends.</summary>
    private void SendAway(ConsumerMember member)
    {
        Release(member, member.Revoking);
        StopRebalance(member);
        member.GoAway();
        _changed(Id, member.Id);
    }

    /// <summary>The member was heard of: its session begins again.</summary>
    private void Touch(ConsumerMember member)
    {
        member.Session ??= new MemberSession(_time, _gate, () => Remove(member));
        member.Session.Begin(_options.ConsumerSessionTimeout);
    }

    private void StartRebalance(ConsumerMember member)
    {
        StopRebalance(member);
        var epoch = member.Epoch;
        member.Rebalance = _time.CreateTimer(
            _ =>
            {
                lock (_gate)
                {
                    // One that was stopped may be on its way here already.
                    if (IsStillThere(member) && member.Rebalance is not null && member.Epoch == epoch && member.Revoking.Count > 0) Remove(member);
                }
            },
            null,
            member.RebalanceTimeout,
            Timeout.InfiniteTimeSpan);
    }

    private bool IsStillThere(ConsumerMember member) => _members.TryGetValue(member.Id, out var current) && current == member;

    private static void StopRebalance(ConsumerMember member)
    {
        member.Rebalance?.Dispose();
        member.Rebalance = null;
    }

    private static void EndTimers(ConsumerMember member)
    {
        StopRebalance(member);
        member.Session?.Dispose();
        member.Session = null;
    }
}

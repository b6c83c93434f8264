namespace Sluice.KafkaWire.Groups;

internal sealed partial class ConsumerGroup
{
    /// <summary>Makes the targets of all members anew; each walks to its own with its next heartbeats.</summary>
    private void Assign()
    {
        Assignor = Preferred();
        var members = Assignors.Ordered(_members.Values).ToArray();
        var assigned = Assignors.Find(Assignor)!([.. members.Select(m => new AssignedMember(m.Id, m.InstanceId, m.Topics, m.Target))], _topics);
        foreach (var (member, target) in members.Zip(assigned))
        {
            if (target.SetEquals(member.Target)) continue;
            member.Target = target;
            _changed(Id, member.Id);
        }

        AssignmentEpoch = Epoch;
        _changed(Id, null);
    }

    private string Preferred() =>
        _members.Values.Where(m => m.Assignor is not null).CountBy(m => m.Assignor!).OrderByDescending(v => v.Value)
            .ThenBy(v => v.Key, StringComparer.Ordinal).Select(v => v.Key).FirstOrDefault() ?? Assignors.Default;

    /// <summary>
    /// Takes the member one step towards its target: first it gives back, in its old epoch, what it is not to have; when it has, it is in
    /// the new epoch and gets what is free. What others still have comes with later heartbeats.
    /// </summary>
    /// <param name="owned">What the member says it has; null when it does not say.</param>
    private void Reconcile(ConsumerMember member, OwnedPartitions? owned)
    {
        var epoch = member.Epoch;
        if (member.Revoking.Count > 0)
        {
            if (owned?.HasAnyOf(member.Revoking) ?? true) return;
            Release(member, member.Revoking);
            member.Revoking = new HashSet<TopicIdPartition>();
            StopRebalance(member);
            // It has moved on, if only to be asked for more: the rebalance timeout is for each step.
            epoch = Math.Min(epoch + 1, AssignmentEpoch);
            _changed(Id, member.Id);
        }

        if (epoch == AssignmentEpoch && member.Assigned.Count == member.Target.Count && member.Assigned.All(member.Target.Contains))
        {
            member.MoveTo(epoch);
            return;
        }

        var revoking = member.Assigned.Where(p => !member.Target.Contains(p)).ToHashSet();
        if (revoking.Count > 0 && (owned?.HasAnyOf(revoking) ?? true)) Ask(member, epoch, revoking);
        else Give(member, revoking);
    }

    /// <summary>Asks for partitions back: they stay the member's until it no longer lists them.</summary>
    private void Ask(ConsumerMember member, int epoch, HashSet<TopicIdPartition> revoking)
    {
        member.MoveTo(epoch);
        member.Revoking = revoking;
        member.Assigned = member.Assigned.Where(member.Target.Contains).ToHashSet();
        StartRebalance(member);
        _changed(Id, member.Id);
    }

    /// <summary>Takes the member to the epoch of the assignment, with what of its target nobody else has.</summary>
    private void Give(ConsumerMember member, HashSet<TopicIdPartition> givenBack)
    {
        Release(member, givenBack);
        var free = member.Target.Where(p => !_owners.ContainsKey(p)).ToArray();
        foreach (var partition in free) _owners.Add(partition, member);
        if (free.Length > 0 || givenBack.Count > 0)
            member.Assigned = member.Assigned.Where(member.Target.Contains).Concat(free).ToHashSet();
        else if (member.Epoch == AssignmentEpoch) return;
        member.MoveTo(AssignmentEpoch);
        _changed(Id, member.Id);
    }

    private void Release(ConsumerMember member, IEnumerable<TopicIdPartition> partitions)
    {
        foreach (var partition in partitions)
        {
            if (_owners.TryGetValue(partition, out var owner) && owner == member) _owners.Remove(partition);
        }
    }
}

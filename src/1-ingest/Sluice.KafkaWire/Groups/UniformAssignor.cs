namespace Sluice.KafkaWire.Groups;

/// <summary>
/// Gives each member as many partitions as any other, as far as subscriptions allow, and moves as few as possible for it. Where all
/// subscribe to the same topics no two members differ by more than one.
/// </summary>
internal static class UniformAssignor
{
    public static HashSet<TopicIdPartition>[] Assign(IReadOnlyList<AssignedMember> members, IReadOnlyDictionary<Guid, int> topics)
    {
        if (members.Count == 0) return [];
        var areSame = members.All(m => m.Topics.SetEquals(members[0].Topics));
        return areSame ? AssignSame(members, topics) : AssignDifferent(members, topics);
    }

    /// <summary>All want the same: everybody keeps up to its share, and what is left goes to those below theirs.</summary>
    private static HashSet<TopicIdPartition>[] AssignSame(IReadOnlyList<AssignedMember> members, IReadOnlyDictionary<Guid, int> topics)
    {
        var assigned = members.Select(_ => new HashSet<TopicIdPartition>()).ToArray();
        var free = members[0].Topics.Where(topics.ContainsKey).Order().SelectMany(t => Partitions(t, topics[t])).ToList();
        var (share, more) = Math.DivRem(free.Count, members.Count);
        var all = free.ToHashSet();
        int[] kept = [.. members.Select(m => m.Has.Count(all.Contains))];
        // The larger shares are for those that hold the most already.
        foreach (var m in Enumerable.Range(0, members.Count).OrderByDescending(m => kept[m]))
        {
            var quota = share + (more > 0 && kept[m] > share ? 1 : 0);
            if (quota > share) more--;
            foreach (var partition in Sorted(members[m].Has).Where(all.Contains).Take(quota))
            {
                assigned[m].Add(partition);
                all.Remove(partition);
            }
        }

        var left = new Queue<TopicIdPartition>(free.Where(all.Contains));
        foreach (var mine in assigned)
        {
            while (mine.Count < share && left.Count > 0) mine.Add(left.Dequeue());
        }

        foreach (var mine in assigned)
        {
            if (left.Count > 0 && mine.Count == share) mine.Add(left.Dequeue());
        }

        return assigned;
    }

    /// <summary>
    /// Everybody keeps what it has and may have; what is left goes to the subscriber with the least, the topics with the fewest subscribers
    /// first; then partitions move while that makes two members more alike.
    /// </summary>
    private static HashSet<TopicIdPartition>[] AssignDifferent(IReadOnlyList<AssignedMember> members, IReadOnlyDictionary<Guid, int> topics)
    {
        var subscribers = topics.Keys.ToDictionary(t => t, t => Enumerable.Range(0, members.Count).Where(m => members[m].Topics.Contains(t)).ToArray());
        var partitions = topics.OrderBy(t => subscribers[t.Key].Length).ThenBy(t => t.Key)
            .Where(t => subscribers[t.Key].Length > 0).SelectMany(t => Partitions(t.Key, t.Value)).ToArray();
        var owners = new Dictionary<TopicIdPartition, int>(partitions.Length);
        var loads = new int[members.Count];
        for (var m = 0; m < members.Count; m++)
        {
            foreach (var partition in members[m].Has)
            {
                var isThere = topics.TryGetValue(partition.Topic, out var count) && partition.Partition < count;
                if (isThere && members[m].Topics.Contains(partition.Topic) && owners.TryAdd(partition, m)) loads[m]++;
            }
        }

        int Least(TopicIdPartition partition) => subscribers[partition.Topic].MinBy(m => loads[m]);
        foreach (var partition in partitions.Where(p => !owners.ContainsKey(p)))
        {
            owners[partition] = Least(partition);
            loads[owners[partition]]++;
        }

        // Each move makes the sum of the squared loads smaller, so it ends.
        for (var hasMoved = true; hasMoved;)
        {
            hasMoved = false;
            foreach (var partition in partitions)
            {
                var (from, to) = (owners[partition], Least(partition));
                if (loads[from] - loads[to] < 2) continue;
                owners[partition] = to;
                loads[from]--;
                loads[to]++;
                hasMoved = true;
            }
        }

        var assigned = members.Select(_ => new HashSet<TopicIdPartition>()).ToArray();
        foreach (var (partition, owner) in owners) assigned[owner].Add(partition);
        return assigned;
    }

    private static IEnumerable<TopicIdPartition> Partitions(Guid topic, int count) => Enumerable.Range(0, count).Select(p => new TopicIdPartition(topic, p));

    private static IEnumerable<TopicIdPartition> Sorted(IEnumerable<TopicIdPartition> partitions) => partitions.OrderBy(p => p.Topic).ThenBy(p => p.Partition);
}

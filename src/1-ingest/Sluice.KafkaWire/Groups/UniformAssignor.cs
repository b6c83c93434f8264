namespace Sluice.KafkaWire.Groups;

/// <summary>
/// Gives each member as many partitions as any other, as far as subscriptions allow, and moves as few as possible for it. Where all
/// subscribe to the same topics no two members differ by more than one.
/// </summary>
internal static class UniformAssignor
{
    private const int Nobody = -1;

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
        var wanted = Wanted(members, topics);
        var loads = new int[members.Count];
        for (var m = 0; m < members.Count; m++)
        {
            foreach (var (id, partition) in members[m].Has)
            {
                if (!wanted.TryGetValue(id, out var topic) || partition >= topic.Owners.Length || !members[m].Topics.Contains(id)) continue;
                if (topic.Owners[partition] != Nobody) continue;
                topic.Owners[partition] = m;
                loads[m]++;
            }
        }

        var inOrder = wanted.Values.Where(t => t.Subscribers.Count > 0).OrderBy(t => t.Subscribers.Count).ThenBy(t => t.Id).ToArray();
        foreach (var topic in inOrder) GiveFree(topic, loads);
        // Each move makes the sum of the squared loads smaller, so it ends.
        for (var hasMoved = true; hasMoved;)
        {
            hasMoved = false;
            foreach (var topic in inOrder) hasMoved |= Level(topic, loads);
        }

        var assigned = members.Select(_ => new HashSet<TopicIdPartition>()).ToArray();
        foreach (var topic in inOrder)
        {
            for (var p = 0; p < topic.Owners.Length; p++) assigned[topic.Owners[p]].Add(new TopicIdPartition(topic.Id, p));
        }

        return assigned;
    }

    /// <summary>The topics with those who are subscribed to them, and nobody owning a partition yet.</summary>
    private static Dictionary<Guid, WantedTopic> Wanted(IReadOnlyList<AssignedMember> members, IReadOnlyDictionary<Guid, int> topics)
    {
        var wanted = topics.ToDictionary(t => t.Key, t => new WantedTopic(t.Key, t.Value));
        for (var m = 0; m < members.Count; m++)
        {
            foreach (var id in members[m].Topics)
            {
                if (wanted.TryGetValue(id, out var topic)) topic.Subscribers.Add(m);
            }
        }

        return wanted;
    }

    private static void GiveFree(WantedTopic topic, int[] loads)
    {
        if (!topic.Owners.Contains(Nobody)) return;
        var leastFirst = LeastFirst(topic, loads);
        for (var p = 0; p < topic.Owners.Length; p++)
        {
            if (topic.Owners[p] != Nobody) continue;
            var least = leastFirst.Peek();
            topic.Owners[p] = least;
            loads[least]++;
            leastFirst.DequeueEnqueue(least, Rank(least, loads));
        }
    }

    /// <summary>Moves partitions of one topic to those with the least, where that makes two members more alike.</summary>
    private static bool Level(WantedTopic topic, int[] loads)
    {
        var least = int.MaxValue;
        foreach (var m in topic.Subscribers) least = Math.Min(least, loads[m]);
        if (!topic.Owners.Any(owner => loads[owner] - least >= 2)) return false;
        var leastFirst = LeastFirst(topic, loads);
        var hasMoved = false;
        for (var p = 0; p < topic.Owners.Length; p++)
        {
            // A place in the queue that a member has left by a change of its load is stale; it has another one.
            while (leastFirst.TryPeek(out var stale, out var rank) && rank != Rank(stale, loads)) leastFirst.Dequeue();
            var (from, to) = (topic.Owners[p], leastFirst.Peek());
            if (loads[from] - loads[to] < 2) continue;
            topic.Owners[p] = to;
            loads[from]--;
            loads[to]++;
            leastFirst.DequeueEnqueue(to, Rank(to, loads));
            leastFirst.Enqueue(from, Rank(from, loads));
            hasMoved = true;
        }

        return hasMoved;
    }

    private static PriorityQueue<int, long> LeastFirst(WantedTopic topic, int[] loads)
    {
        var queue = new PriorityQueue<int, long>(topic.Subscribers.Count);
        queue.EnqueueRange(topic.Subscribers.Select(m => (m, Rank(m, loads))));
        return queue;
    }

    /// <summary>The least load first, and of the same load the member that comes first.</summary>
    private static long Rank(int member, int[] loads) => ((long)loads[member] << 32) | (uint)member;

    private static IEnumerable<TopicIdPartition> Partitions(Guid topic, int count) => Enumerable.Range(0, count).Select(p => new TopicIdPartition(topic, p));

    private static IEnumerable<TopicIdPartition> Sorted(IEnumerable<TopicIdPartition> partitions) => partitions.OrderBy(p => p.Topic).ThenBy(p => p.Partition);

    private sealed class WantedTopic(Guid id, int partitions)
    {
        public Guid Id => id;

        /// <summary>Of each partition the number of its member, or <see cref="Nobody"/>.</summary>
        public int[] Owners { get; } = [.. Enumerable.Repeat(Nobody, partitions)];

        /// <summary>The numbers of the members, ascending.</summary>
        public List<int> Subscribers { get; } = [];
    }
}

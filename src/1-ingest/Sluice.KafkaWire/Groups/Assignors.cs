namespace Sluice.KafkaWire.Groups;

/// <summary>A member as an assignor sees it.</summary>
/// <param name="Topics">The existing topics it is subscribed to.</param>
/// <param name="Has">Its target so far, which is kept where that does no harm.</param>
internal sealed record AssignedMember(string Id, string? InstanceId, IReadOnlySet<Guid> Topics, IReadOnlySet<TopicIdPartition> Has);

/// <summary>Gives every partition of the topics that somebody is subscribed to to exactly one subscriber.</summary>
/// <param name="members">The members, in the order of <see cref="Assignors.Ordered"/>.</param>
/// <param name="topics">The partition counts of the topics.</param>
/// <returns>The partitions of each member, in the order of the members.</returns>
internal delegate HashSet<TopicIdPartition>[] Assignor(IReadOnlyList<AssignedMember> members, IReadOnlyDictionary<Guid, int> topics);

/// <summary>The assignors of the broker, by the names that clients ask for. The first is the one for who asks for none.</summary>
internal static class Assignors
{
    public const string Default = "uniform";
    private const string Range = "range";

    public static IReadOnlyList<string> Names { get; } = [Default, Range];

    public static Assignor? Find(string name) => name switch
    {
        Default => UniformAssignor.Assign,
        Range => RangeAssignor.Assign,
        _ => null,
    };

    /// <summary>An order that outlives restarts of static members: those first, by their instance ids, then the others by their ids.</summary>
    public static IEnumerable<ConsumerMember> Ordered(IEnumerable<ConsumerMember> members) =>
        members.OrderBy(m => m.InstanceId is null).ThenBy(m => m.InstanceId ?? m.Id, StringComparer.Ordinal);
}

/// <summary>
/// Each subscriber of a topic gets a run of neighbouring partitions of it, so that the same numbers of topics with the same subscribers
/// and sizes are with the same member.
/// </summary>
internal static class RangeAssignor
{
    public static HashSet<TopicIdPartition>[] Assign(IReadOnlyList<AssignedMember> members, IReadOnlyDictionary<Guid, int> topics)
    {
        var assigned = members.Select(_ => new HashSet<TopicIdPartition>()).ToArray();
        foreach (var (topic, count) in topics)
        {
            var subscribers = Enumerable.Range(0, members.Count).Where(m => members[m].Topics.Contains(topic)).ToArray();
            var next = 0;
            for (var s = 0; s < subscribers.Length; s++)
            {
                var end = next + (count / subscribers.Length) + (s < count % subscribers.Length ? 1 : 0);
                for (; next < end; next++) assigned[subscribers[s]].Add(new TopicIdPartition(topic, next));
            }
        }

        return assigned;
    }
}

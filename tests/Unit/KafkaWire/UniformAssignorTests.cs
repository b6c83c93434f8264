using CsCheck;
using Sluice.KafkaWire.Groups;

namespace Sluice.Unit.KafkaWire;

/// <summary>The assignor where members subscribe to different topics.</summary>
public sealed class UniformAssignorTests
{
    private static readonly Guid[] s_topics = [.. Enumerable.Range(1, 6).Select(n => new Guid(n, 0, 0, new byte[8]))];

    /// <summary>Subscriptions as bits of the topics, partitions of each topic, and members that have gone since the last assignment.</summary>
    private static readonly Gen<(int[] Subscriptions, int[] Partitions, int Gone)> s_group =
        Gen.Select(Gen.Int[1, 63].Array[1, 8], Gen.Int[0, 9].Array[6], Gen.Int[0, 7]);

    [Fact]
    public void Every_partition_is_with_a_subscriber_none_can_move_to_level_and_the_same_again_moves_nothing()
    {
        s_group.Sample(
            group =>
            {
                var topics = s_topics.Zip(group.Partitions).ToDictionary(t => t.First, t => t.Second);
                var members = group.Subscriptions.Select((bits, m) => MemberOf(m, bits)).ToArray();
                var first = Check(members, topics);
                var again = Check([.. members.Zip(first).Select(m => m.First with { Has = m.Second })], topics);
                foreach (var (before, after) in first.Zip(again)) after.SetEquals(before).ShouldBeTrue();
                var left = members.Zip(first).Select(m => m.First with { Has = m.Second }).ToList();
                if (left.Count > group.Gone) left.RemoveAt(group.Gone);
                Check(left, topics);
            },
            iter: 300,
            print: g => $"[{string.Join(',', g.Subscriptions)}] [{string.Join(',', g.Partitions)}] {g.Gone}");
    }

    [Fact]
    public void A_thousand_members_share_ten_thousand_partitions_to_one()
    {
        // Every other member leaves out one of ten topics, so that no two neighbours want the same.
        var ids = Enumerable.Range(1, 10).Select(n => new Guid(n, 0, 0, new byte[8])).ToArray();
        var topics = ids.ToDictionary(t => t, _ => 1_000);
        var members = Enumerable.Range(0, 1_000).Select(m => new AssignedMember(
            $"m{m:D4}", null, ids.Where((_, t) => m % 2 == 0 || t != m % 10).ToHashSet(), new HashSet<TopicIdPartition>())).ToArray();
        UniformAssignor.Assign(members, topics).ShouldAllBe(a => a.Count == 10);
        UniformAssignor.Assign(members[1..], topics).Select(a => a.Count).Distinct().Order().ShouldBe([10, 11]);
    }

    private static AssignedMember MemberOf(int number, int bits) =>
        new($"m{number}", null, s_topics.Where((_, t) => (bits & (1 << t)) != 0).ToHashSet(), new HashSet<TopicIdPartition>());

    private static HashSet<TopicIdPartition>[] Check(IReadOnlyList<AssignedMember> members, Dictionary<Guid, int> topics)
    {
        var assigned = UniformAssignor.Assign(members, topics);
        var owners = assigned.SelectMany((mine, m) => mine.Select(p => (Partition: p, Member: m))).ToDictionary(o => o.Partition, o => o.Member);
        var wanted = topics.Where(t => members.Any(m => m.Topics.Contains(t.Key))).Sum(t => t.Value);
        owners.Count.ShouldBe(wanted);
        foreach (var (partition, owner) in owners)
        {
            members[owner].Topics.ShouldContain(partition.Topic);
            var least = Enumerable.Range(0, members.Count).Where(m => members[m].Topics.Contains(partition.Topic)).Min(m => assigned[m].Count);
            (assigned[owner].Count - least).ShouldBeLessThan(2);
        }

        return assigned;
    }
}

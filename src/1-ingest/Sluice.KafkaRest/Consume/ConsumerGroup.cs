using System.Text.RegularExpressions;
using Sluice.Log;

namespace Sluice.KafkaRest.Consume;

/// <summary>
/// The instances of one group in this process. Subscribed topics are shared out as Kafka's RangeAssignor does: topic by topic, the
/// members in the order of their names, each a run of partitions (https://kafka.apache.org/documentation/#consumerconfigs_partition.assignment.strategy).
/// A partition goes to another member when its reader has acknowledged its last answer, or is gone.
/// </summary>
internal sealed class ConsumerGroup(string name)
{
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Name => name;

    public SortedDictionary<string, ConsumerInstance> Members { get; } = new(StringComparer.Ordinal);

    /// <summary>Completes when any member's partitions change.</summary>
    public Task Changed => _changed.Task;

    /// <summary>Wakes the reads that wait for records, because what they read may have changed.</summary>
    public void Wake()
    {
        _changed.SetResult();
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>What each member reads, given the topics there are. Members with partitions of their own take no part.</summary>
    public Dictionary<ConsumerInstance, List<TopicPartition>> Share(IReadOnlyDictionary<string, TopicDescription> topics)
    {
        var shares = Members.Values.ToDictionary(m => m, m => m.Choice.Partitions.Where(p => Exists(topics, p)).ToList());
        foreach (var topic in topics.Values.OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            var readers = Members.Values.Where(m => Subscribes(m.Choice, topic.Name)).ToArray();
            var next = 0;
            for (var i = 0; i < readers.Length; i++)
            {
                var count = (topic.PartitionCount / readers.Length) + (i < topic.PartitionCount % readers.Length ? 1 : 0);
                for (; count > 0; count--) shares[readers[i]].Add(new TopicPartition(topic.Name, next++));
            }
        }

        foreach (var member in Members.Values)
        {
            foreach (var partition in member.Unacknowledged.Select(a => a.Partition).Where(p => Exists(topics, p) && Subscribes(member.Choice, p.Topic)))
                Keep(partition, member);
        }

        return shares;

        void Keep(TopicPartition partition, ConsumerInstance reader)
        {
            if (shares[reader].Contains(partition)) return;
            foreach (var other in Members.Values.Where(m => m.Choice.IsSubscription)) shares[other].Remove(partition);
            shares[reader].Add(partition);
        }
    }

    private static bool Exists(IReadOnlyDictionary<string, TopicDescription> topics, TopicPartition partition) =>
        topics.TryGetValue(partition.Topic, out var topic) && partition.Partition < topic.PartitionCount;

    private static bool Subscribes(ConsumerChoice choice, string topic) =>
        choice.Topics.Contains(topic)
        || (choice.Pattern is { } pattern && !IsInternal(topic) && Regex.IsMatch(topic, ConsumerPattern.Whole(pattern), ConsumerPattern.Options));

    /// <summary>Kafka's own topics are left out of patterns (exclude.internal.topics).</summary>
    private static bool IsInternal(string topic) => topic.StartsWith("__", StringComparison.Ordinal);
}

/// <summary>Topic patterns: a regular expression for the whole name. The engine without backtracking takes linear time, whatever the pattern.</summary>
internal static class ConsumerPattern
{
    public const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
    private const int CharsMax = 1000;

    public static string Whole(string pattern) => $"^(?:{pattern})\\z";

    /// <summary>Why the pattern cannot be used; null when it can.</summary>
    public static string? Fault(string pattern)
    {
        if (pattern.Length > CharsMax) return $"a pattern has at most {CharsMax} characters.";
        try
        {
            _ = new Regex(Whole(pattern), Options);
            return null;
        }
        catch (Exception bad) when (bad is ArgumentException or NotSupportedException)
        {
            return bad.Message;
        }
    }
}

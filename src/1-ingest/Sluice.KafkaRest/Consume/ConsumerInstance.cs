using System.Diagnostics.CodeAnalysis;
using Sluice.Log;

namespace Sluice.KafkaRest.Consume;

/// <summary>A partition that an instance reads, and how far it is.</summary>
internal sealed class AssignedPartition(TopicPartition partition)
{
    public TopicPartition Partition => partition;

    /// <summary>Offset of the first record that no answer has brought to the client; null until it was looked up.</summary>
    public long? Position { get; private set; }

    /// <summary>
    /// The position that the client is known to have got to, which is the one that is committed. An answer that moved the position beyond it may
    /// have been lost with its client.
    /// </summary>
    public long? Acknowledged { get; private set; }

    /// <summary>Whether the log no longer has (or never had) what the position named, so that what was committed does not count.</summary>
    public bool IsOutOfRange { get; set; }

    /// <summary>What the group is known to have committed; null when that is not known.</summary>
    public long? Committed { get; set; }

    /// <summary>Goes on elsewhere, whatever was delivered; null has the position looked up.</summary>
    public void MoveTo(long? position) => Position = Acknowledged = position;

    /// <summary>Goes on behind an answer, unless it was made before the position moved elsewhere.</summary>
    public void Deliver(long from, long next)
    {
        if (Position == from) Position = next;
    }

    public void Acknowledge() => Acknowledged = Position;

    /// <summary>Takes note of what the client itself committed.</summary>
    public void Commit(long next) => Acknowledged = Committed = next;
}

/// <summary>What an instance reads: topics by name or by pattern, shared with its group, or partitions of its own.</summary>
internal sealed record ConsumerChoice(IReadOnlyList<string> Topics, string? Pattern, IReadOnlyList<TopicPartition> Partitions)
{
    public static readonly ConsumerChoice Nothing = new([], null, []);

    public bool IsSubscription => Topics.Count > 0 || Pattern is not null;

    public bool IsAssignment => Partitions.Count > 0;
}

/// <summary>A consumer instance. All of it is guarded by the gate of the <see cref="ConsumerRegistry"/>.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle nobody asks for holds nothing to release.")]
internal sealed class ConsumerInstance(string group, string name, ConsumerSettings settings)
{
    public string Group => group;

    public string Name => name;

    public ConsumerSettings Settings => settings;

    /// <summary>Held by the one read that an instance answers at a time.</summary>
    public SemaphoreSlim Reading { get; } = new(1, 1);

    public ConsumerChoice Choice { get; set; } = ConsumerChoice.Nothing;

    public AssignedPartition[] Assigned { get; set; } = [];

    /// <summary>Timestamp (of the TimeProvider) of the last use.</summary>
    public long LastUsed { get; set; }

    public bool IsReading => Reading.CurrentCount == 0;

    /// <summary>Which partition the next read begins with, so that a busy one does not keep the others waiting.</summary>
    public uint Turn { get; set; }

    /// <summary>Partitions whose last answer the client has not acknowledged, where acknowledged means committed.</summary>
    public IEnumerable<AssignedPartition> Unacknowledged => Settings.AutoCommit ? Assigned.Where(a => a.Position > a.Acknowledged) : [];

    /// <summary>The client is there and has what it was given.</summary>
    public void Acknowledge()
    {
        foreach (var assigned in Assigned) assigned.Acknowledge();
    }

    public AssignedPartition? Find(TopicPartition partition) => Array.Find(Assigned, a => a.Partition == partition);
}

using System.Runtime.InteropServices;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Fetching;

/// <summary>
/// The partitions that one client fetches, kept so that a request names only what changes (KIP-227). They are read in an order in which
/// those that had records go to the end: none waits behind others that always have some.
/// </summary>
/// <remarks>Only <see cref="FetchSessions"/> uses it, under its lock.</remarks>
internal sealed class FetchSession(int id, bool usesIds)
{
    // A node of the list, an entry of the dictionary with its free share, measured; and the characters of the topic's name.
    private const int PartitionBytes = 256;

    private readonly Dictionary<(FetchTopic, int), LinkedListNode<FetchPartition>> _byKey = [];
    private readonly LinkedList<FetchPartition> _inTurn = new();

    public int Id => id;

    /// <summary>Topics are named by ids.</summary>
    public bool UsesIds => usesIds;

    /// <summary>The epoch of the next request.</summary>
    public int Epoch { get; private set; } = FetchRequest.InitialEpoch + 1;

    /// <summary>When a request used it last, as a timestamp of the clock.</summary>
    public long UsedAt { get; set; }

    /// <summary>About the memory it takes.</summary>
    public long Bytes { get; private set; }

    public int Count => _inTurn.Count;

    /// <summary>The partitions in the order in which they are to be read.</summary>
    public FetchPartition[] InTurn() => [.. _inTurn];

    public void Advance() => Epoch = Epoch == int.MaxValue ? FetchRequest.InitialEpoch + 1 : Epoch + 1;

    /// <summary>Takes in what a request adds and changes, then lets go of what it forgets.</summary>
    public void Change(IEnumerable<FetchPartition> asked, IEnumerable<(FetchTopic Topic, int Index)> forgotten)
    {
        foreach (var partition in asked)
        {
            ref var node = ref CollectionsMarshal.GetValueRefOrAddDefault(_byKey, (partition.Topic, partition.Index), out var isKnown);
            if (isKnown)
            {
                node!.Value = partition with { Topic = node.Value.Topic, ToldStart = node.Value.ToldStart, ToldEnd = node.Value.ToldEnd };
                continue;
            }

            node = _inTurn.AddLast(partition);
            Bytes += BytesOf(partition.Topic);
        }

        foreach (var (topic, index) in forgotten)
        {
            if (!_byKey.Remove((topic, index), out var node)) continue;
            _inTurn.Remove(node);
            Bytes -= BytesOf(topic);
        }
    }

    /// <summary>Notes what the client is told of its partitions.</summary>
    public void Tell(IEnumerable<FetchedPartition> told)
    {
        foreach (var partition in told)
        {
            if (!_byKey.TryGetValue((partition.Asked.Topic, partition.Asked.Index), out var node)) continue;
            // When an error goes away, the partition is told again.
            var end = partition.Error == KafkaError.None ? partition.Offsets.End : FetchPartition.Untold;
            node.Value = node.Value with { ToldStart = partition.Offsets.Start, ToldEnd = end };
            if (partition.Batches.IsEmpty) continue;
            _inTurn.Remove(node);
            _inTurn.AddLast(node);
        }
    }

    /// <summary>About the memory that a session of these partitions takes.</summary>
    public static long BytesOf(FetchPartition[] partitions) => partitions.Sum(p => BytesOf(p.Topic));

    private static long BytesOf(FetchTopic topic) => PartitionBytes + (topic.Name?.Length ?? 0) * sizeof(char);
}

namespace Sluice.Log;

/// <summary>What a stream is created with.</summary>
public sealed record StreamSpec(string Name, int ShardCount, StreamAttributes Attributes);

/// <summary>A stream at one moment: a topic whose partitions are shards. Does not change; the log gives a new one after a change.</summary>
public sealed class StreamDescription
{
    private readonly Shard[] _open;

    internal StreamDescription(TopicDescription topic, long createdMs, StreamAttributes attributes, IReadOnlyList<Shard> shards)
    {
        Topic = topic;
        CreatedMs = createdMs;
        Attributes = attributes;
        Shards = shards;
        _open = [.. shards.Where(s => !s.IsClosed).OrderBy(s => s.Range.First)];
    }

    public TopicDescription Topic { get; }

    public string Name => Topic.Name;

    /// <summary>Milliseconds since 1970.</summary>
    public long CreatedMs { get; }

    public StreamAttributes Attributes { get; }

    /// <summary>All shards, open and closed, each at the place of its number.</summary>
    public IReadOnlyList<Shard> Shards { get; }

    /// <summary>The open shards in the order of their hash ranges, which together are the whole.</summary>
    public IReadOnlyList<Shard> OpenShards => _open;

    /// <summary>The open shard that takes a hash key.</summary>
    public Shard ShardOf(UInt128 hashKey)
    {
        var (from, to) = (0, _open.Length - 1);
        while (from < to)
        {
            var middle = (from + to + 1) / 2;
            if (_open[middle].Range.First <= hashKey) from = middle;
            else to = middle - 1;
        }

        return _open[from];
    }

    /// <summary>The shard of that id, open or closed; null when there is none.</summary>
    public Shard? Find(ReadOnlySpan<char> shardId) =>
        Shard.TryParseId(shardId, out var number) && number < Shards.Count ? Shards[number] : null;

    /// <summary>The shards that a closed shard was split or merged into.</summary>
    public IEnumerable<Shard> ChildrenOf(Shard shard) =>
        Shards.Where(s => s.Parent == shard.Number || s.AdjacentParent == shard.Number);

    internal StreamDescription With(StreamAttributes attributes, TopicDescription topic) => new(topic, CreatedMs, attributes, Shards);
}

/// <summary>What became of a split or merge.</summary>
public enum ReshardOutcome
{
    Done,

    /// <summary>There is no stream of that name.</summary>
    UnknownStream,

    /// <summary>A shard is unknown or was split or merged before.</summary>
    ShardNotOpen,

    /// <summary>The new starting hash key lies outside the shard's range or at its beginning.</summary>
    HashKeyOutOfRange,

    /// <summary>The ranges of the two shards do not touch.</summary>
    NotAdjacent,

    /// <summary>The stream would have more shards, closed ones counted, than <see cref="LogLimits.PartitionsPerTopicMax"/>.</summary>
    TooManyShards,

    /// <summary>A parent stopped after a storage fault; it recovers when the log is opened again.</summary>
    StorageError,
}

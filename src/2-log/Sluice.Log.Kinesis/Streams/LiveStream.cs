using System.Collections.Concurrent;
using System.Globalization;
using Sluice.Log.Kinesis.Client;
using Sluice.Log.Kinesis.Positions;
using Sluice.Log.Kinesis.Shards;

namespace Sluice.Log.Kinesis.Streams;

/// <summary>A stream that was met, its shards as last listed, and their readers.</summary>
internal sealed class LiveStream(StreamPlace place, PositionStore positions, KinesisClient client, KinesisLogLimits limits, TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<int, Lazy<ShardReader>> _readers = new();
    private volatile IReadOnlyList<StreamShard> _shards = [];

    public StreamPlace Place => place;

    public IReadOnlyList<StreamShard> Shards
    {
        get => _shards;
        set => _shards = value;
    }

    public TopicDescription Description => new(
        place.Id,
        place.Name,
        _shards.Count,
        new Dictionary<string, string> { ["retention.ms"] = place.RetentionMs.ToString(CultureInfo.InvariantCulture) });

    /// <summary>The reader of a shard that is there.</summary>
    public ShardReader Reader(int partition) => _readers.GetOrAdd(partition, number => new Lazy<ShardReader>(() => OpenReader(number))).Value;

    public void Dispose()
    {
        foreach (var reader in _readers.Values.Where(reader => reader.IsValueCreated)) reader.Value.Dispose();
    }

    private ShardReader OpenReader(int number)
    {
        var partition = new TopicPartition(place.Name, number);
        var reached = new ShardPositions(positions, place, number, limits, time);
        var cursor = new ShardCursor(place, partition, _shards[number].Partition.Name, reached, client, limits);
        return new ShardReader(partition, () => _shards[number].Partition.IsClosed, reached, cursor, limits, time);
    }
}

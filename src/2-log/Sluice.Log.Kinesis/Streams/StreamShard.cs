namespace Sluice.Log.Kinesis.Streams;

/// <summary>A shard as Kinesis lists it.</summary>
internal sealed record ListedShard(string ShardId, IReadOnlyList<string> Parents, string StartingHashKey, bool IsClosed);

/// <summary>A shard as a partition; its hash key is null when Kinesis no longer lists it.</summary>
internal sealed record StreamShard(PartitionDescription Partition, string? StartingHashKey);

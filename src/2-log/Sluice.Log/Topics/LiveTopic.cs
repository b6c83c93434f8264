using Sluice.Log.Partitions;

namespace Sluice.Log.Topics;

/// <summary>A topic whose partitions are open; a stream when <paramref name="Stream"/> is there.</summary>
internal sealed record LiveTopic(TopicDescription Description, TopicConfig Config, LivePartition[] Partitions, StreamDescription? Stream);

/// <summary>The three sides of an open partition: what is shared, reading, writing; and the thread that writes.</summary>
internal sealed record LivePartition(Partition Shared, PartitionReader Reader, PartitionWriter Writer, LogWriter Thread);

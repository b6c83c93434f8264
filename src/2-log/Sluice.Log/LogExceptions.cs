namespace Sluice.Log;

public sealed class TopicExistsException(string topic) : Exception($"Topic '{topic}' already exists.");

public sealed class InvalidTopicException(string topic, string reason) : Exception($"Topic '{topic}' is invalid: {reason}");

public sealed class UnknownTopicPartitionException(TopicPartition partition)
    : Exception($"There is no partition {partition.Partition} of topic '{partition.Topic}'.");

public sealed class OffsetOutOfRangeException(TopicPartition partition, long offset, PartitionOffsets offsets)
    : Exception($"Offset {offset} of {partition} is out of range [{offsets.Start}, {offsets.End}].");

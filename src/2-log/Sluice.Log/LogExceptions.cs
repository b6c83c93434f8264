namespace Sluice.Log;

public sealed class TopicExistsException(string topic) : Exception($"Topic '{topic}' already exists.");

public sealed class InvalidTopicException(string topic, string reason, TopicFault fault = TopicFault.Name)
    : Exception($"Topic '{topic}' is invalid: {reason}")
{
    public TopicFault Fault { get; } = fault;
}

/// <summary>What is wrong with a topic that is to be made or changed.</summary>
public enum TopicFault
{
    Name,

    /// <summary>The number of partitions is out of bounds.</summary>
    PartitionCount,

    /// <summary>A config is unknown or out of range.</summary>
    Config,

    /// <summary>The topic is a stream, which is changed as one.</summary>
    Stream,
}

public sealed class UnknownTopicPartitionException(TopicPartition partition)
    : Exception($"There is no partition {partition.Partition} of topic '{partition.Topic}'.");

public sealed class OffsetOutOfRangeException(TopicPartition partition, long offset, PartitionOffsets offsets)
    : Exception($"Offset {offset} of {partition} is out of range [{offsets.Start}, {offsets.End}].");

/// <summary>Records that were durable are damaged or missing on disk. Nothing is repaired silently.</summary>
public sealed class CorruptLogException(string path, long position, string reason) : IOException(
    $"The log file '{path}' is damaged at byte {position}: {reason} Restore the file from a copy, or delete the topic.")
{
    public string Path { get; } = path;

    /// <summary>Byte position in the file.</summary>
    public long Position { get; } = position;
}

/// <summary>The store cannot be reached or does not answer. Nothing is known to be wrong with the call: it can be made again.</summary>
public sealed class LogUnavailableException(string message, Exception? inner = null) : IOException(message, inner);

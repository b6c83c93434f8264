using Sluice.Log;

namespace Sluice.Sink;

/// <summary>The state of a connector and its tasks, as in Kafka Connect's <c>GET /connectors/{name}/status</c>.</summary>
/// <param name="State"><see cref="SinkState.Failed"/> when topics cannot be found out; a failing partition shows in its task.</param>
/// <param name="Trace">Why the connector failed; null while it runs.</param>
public sealed record SinkStatus(string Name, SinkState State, string? Trace, IReadOnlyList<SinkTaskStatus> Tasks);

/// <param name="State">Failed when one of the partitions is; the others go on, and the failed one is tried again after a wait.</param>
/// <param name="Trace">The first failed partition's error.</param>
public sealed record SinkTaskStatus(int Id, SinkState State, string? Trace, IReadOnlyList<SinkPartitionStatus> Partitions);

/// <summary>One partition's progress; counts are of this process.</summary>
/// <param name="Committed">Every record before this offset is in a durable object, or was passed over as configured.</param>
/// <param name="Position">Every record before this offset was looked at.</param>
/// <param name="Malformed">Values that were not JSON.</param>
/// <param name="Dropped">Records that got no line, as configured.</param>
/// <param name="LostToRetention">Offsets that the log deleted before they were sunk.</param>
public sealed record SinkPartitionStatus(
    TopicPartition Partition,
    SinkState State,
    long Committed,
    long Position,
    long Objects,
    long Records,
    long Bytes,
    long Malformed,
    long Dropped,
    long LostToRetention,
    string? Trace);

/// <summary>States as Kafka Connect names them.</summary>
public enum SinkState
{
    Unassigned,
    Running,
    Failed,
}

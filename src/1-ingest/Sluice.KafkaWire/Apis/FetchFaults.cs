using Microsoft.Extensions.Logging;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

/// <summary>What a fetch writes to the log of the process.</summary>
internal static partial class FetchFaults
{
    [LoggerMessage(502, LogLevel.Error, "Partition {Partition} could not be read for a Kafka client")]
    public static partial void Damaged(ILogger logger, Exception fault, TopicPartition partition);
}

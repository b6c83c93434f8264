using Sluice.Log;
using Sluice.Sql;

namespace Sluice.Cleaning.Streaming;

/// <summary>Which faults may pass by themselves.</summary>
internal static class StreamFaults
{
    public static bool MayPass(Exception fault) => fault switch
    {
        CorruptLogException => false,
        SqlException { OutOfMemory: var outOfMemory } => outOfMemory,
        OvertakenException or IOException or TimeoutException or HttpRequestException => true,
        // The stream was deleted; it may be made again.
        UnknownTopicPartitionException => true,
        _ => false,
    };
}

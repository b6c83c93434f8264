using Sluice.Log;

namespace Sluice.KafkaWire.Transactions;

/// <summary>Writes the markers that end transactions.</summary>
internal sealed class MarkerWriter(EmbeddedLog log, KafkaLimits limits, TimeProvider time)
{
    /// <summary>Writes a marker, on disk when this returns; waits while the partition's queue is full.</summary>
    /// <returns>False when the partition's storage failed.</returns>
    public async Task<bool> WriteAsync(TransactionPartition partition, TransactionMarker marker)
    {
        while (true)
        {
            var result = await log.AppendMarkerAsync(partition, marker, CancellationToken.None);
            switch (result.Error)
            {
                // A partition that is gone needs no marker, and one that knows a higher epoch has had it.
                case AppendError.None or AppendError.UnknownTopicOrPartition or AppendError.FencedProducer:
                    return true;
                case AppendError.Busy:
                    await Task.Delay(limits.MarkerRetryDelay, time);
                    continue;
                default:
                    return false;
            }
        }
    }
}

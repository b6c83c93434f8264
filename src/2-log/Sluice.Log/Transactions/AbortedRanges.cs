using Sluice.Log.Records;

namespace Sluice.Log.Transactions;

/// <summary>The offsets of aborted transactions by producer, for asking batch by batch.</summary>
internal sealed class AbortedRanges
{
    private readonly Dictionary<long, AbortedTransaction[]> _byProducer;

    public AbortedRanges(IEnumerable<AbortedTransaction> aborted) =>
        _byProducer = aborted.GroupBy(a => a.ProducerId).ToDictionary(g => g.Key, g => g.OrderBy(a => a.FirstOffset).ToArray());

    /// <summary>Whether the batch is part of an aborted transaction.</summary>
    public bool Hold(in RecordBatchHeader header, ReadOnlySpan<byte> batch)
    {
        if (!header.IsTransactional || header.IsControl || !_byProducer.TryGetValue(ProducerStamp.Read(batch).Id, out var aborted)) return false;
        // The transactions of one producer follow one another: only the last that begins at or before the batch can hold it.
        var (low, high) = (0, aborted.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (aborted[middle].FirstOffset <= header.BaseOffset) low = middle + 1;
            else high = middle;
        }

        return low > 0 && header.BaseOffset <= aborted[low - 1].LastOffset;
    }
}

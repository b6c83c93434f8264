using System.Buffers.Binary;
using Sluice.Log.Records;

namespace Sluice.Log.Transactions;

/// <summary>Makes aborted batches invisible to <see cref="RecordReader"/>.</summary>
internal static class AbortedBatches
{
    /// <summary>
    /// Marks the batches of aborted transactions as control batches, in the reader's copy: they hold no records then, and keep their
    /// offsets, so reading goes on behind them.
    /// </summary>
    public static void Mask(Span<byte> batches, IReadOnlyList<AbortedTransaction> aborted)
    {
        var ranges = new AbortedRanges(aborted);
        while (RecordBatchHeader.TryRead(batches, out var header))
        {
            if (ranges.Hold(header, batches))
                BinaryPrimitives.WriteInt16BigEndian(batches[RecordBatchHeader.AttributesAt..], (short)(header.Attributes | RecordBatchHeader.ControlBit));
            batches = batches[header.SizeBytes..];
        }
    }
}

using System.Runtime.InteropServices;
using Sluice.Bytes;
using Sluice.Log.Records;
using Sluice.Log.Topics;
using Sluice.Log.Transactions;

namespace Sluice.Log;

public sealed partial class EmbeddedLog
{
    /// <exception cref="UnknownTopicPartitionException">No such topic or partition.</exception>
    public Watermarks WatermarksOf(TopicPartition partition) => Find(partition).Shared.Watermarks;

    /// <summary>
    /// Whole batches as they lie on disk, as <see cref="ReadAsync(TopicPartition, long, int, CancellationToken)"/> gives them, up to what
    /// the isolation lets see. Nothing is marked: who reads what is committed leaves out the aborted transactions that are named.
    /// </summary>
    /// <exception cref="OffsetOutOfRangeException">The offset is below the start or above the end of the partition.</exception>
    /// <exception cref="UnknownTopicPartitionException">No such topic or partition.</exception>
    public ValueTask<IsolatedBatches> FetchAsync(
        TopicPartition partition, long offset, int bytesMax, ReadIsolation isolation, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return new(Find(partition).Reader.Read(offset, bytesMax, isolation, into: null));
    }

    /// <summary>
    /// As <see cref="FetchAsync(TopicPartition, long, int, ReadIsolation, CancellationToken)"/>, with the bytes in a buffer of the caller's,
    /// which is emptied first; they are void when it is written to again or disposed.
    /// </summary>
    public ValueTask<IsolatedBatches> FetchAsync(
        TopicPartition partition, long offset, int bytesMax, ReadIsolation isolation, ByteWriter into, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return new(Find(partition).Reader.Read(offset, bytesMax, isolation, into));
    }

    /// <summary>Completes as soon as there is more than the offset for this isolation, or the partition is closed.</summary>
    /// <exception cref="UnknownTopicPartitionException">No such topic or partition.</exception>
    public ValueTask WaitForRecordsAsync(TopicPartition partition, long offset, ReadIsolation isolation, CancellationToken cancel) =>
        Find(partition).Shared.WaitBeyondAsync(offset, isolation, cancel);

    /// <summary>
    /// Ends a producer's transaction in a partition, and moves the producer's epoch to that of the marker. A marker that comes again is
    /// answered like the first and not written. It is on disk before the answer, with all before it and whatever the durability asks:
    /// who ends a transaction forgets where its batches are.
    /// </summary>
    /// <param name="partition">
    /// When its topic is not the one with this id any more, there is nothing to end (<see cref="AppendError.UnknownTopicOrPartition"/>).
    /// </param>
    public ValueTask<AppendResult> AppendMarkerAsync(TransactionPartition partition, TransactionMarker marker, CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        cancel.ThrowIfCancellationRequested();
        if (!TryFind(partition.Partition, out var topic, out var found) || topic.Description.Id != partition.TopicId)
            return new CheckedAppend(AppendError.UnknownTopicOrPartition).EnqueueAsync();
        var nowMs = _storage.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var batch = new CheckedBatch(0, nowMs, MaxTimestampIsWrong: false, Marker: marker);
        return new CheckedAppend(topic.Description.Id, found, marker.ToBatch(nowMs), batch).EnqueueAsync();
    }

    /// <summary>The idempotent and transactional producers that a partition knows.</summary>
    /// <exception cref="UnknownTopicPartitionException">No such topic or partition.</exception>
    public async ValueTask<IReadOnlyList<ActiveProducer>> ProducersOfAsync(TopicPartition partition, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        IReadOnlyList<ActiveProducer> producers = [];
        await OnWritersAsync([Find(partition)], writer => producers = writer.DescribeProducers());
        return producers;
    }

    private FetchedBatches ReadCommitted(TopicPartition partition, long offset, int bytesMax, ByteWriter? into)
    {
        var read = Find(partition).Reader.Read(offset, bytesMax, ReadIsolation.Committed, into);
        if (read.Aborted.Count > 0) AbortedBatches.Mask(MemoryMarshal.AsMemory(read.Bytes).Span, read.Aborted);
        return new FetchedBatches(read.Bytes, new PartitionOffsets(read.Watermarks.Start, read.Watermarks.LastStable));
    }
}

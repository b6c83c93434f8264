using Sluice.Log.Records;
using Sluice.Log.Topics;

namespace Sluice.Log;

/// <summary>A batch that was looked through for one partition, and what is left to do of its append.</summary>
public readonly struct CheckedAppend
{
    private readonly LivePartition? _partition;
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly CheckedBatch _batch;
    private readonly AppendError _refusal;

    internal CheckedAppend(AppendError refusal) => _refusal = refusal;

    internal CheckedAppend(Guid topicId, LivePartition partition, ReadOnlyMemory<byte> bytes, in CheckedBatch batch) =>
        (TopicId, _partition, _bytes, _batch) = (topicId, partition, bytes, batch);

    /// <summary>The topic that it goes to, which another one of the same name is not; null when the batch is refused.</summary>
    public Guid? TopicId { get; }

    /// <summary>
    /// Queues the batch, which takes no time; to be called once. What was wrong with it is the result here too. The bytes have to stay as
    /// they are until the task completes, as for <see cref="ILog.AppendAsync"/>.
    /// </summary>
    public ValueTask<AppendResult> EnqueueAsync()
    {
        if (_partition is not { } partition) return new(new AppendResult(_refusal, -1));
        var error = partition.Shared.Queue.TryEnqueue(_bytes, _batch, out var task, out var wake);
        if (error != AppendError.None) return new(new AppendResult(error, -1));
        if (wake) partition.Thread.Wake(partition.Writer);
        return task;
    }
}

using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Sluice.Log;

namespace Sluice.KafkaRest.Produce;

/// <summary>
/// Turns the records of a request into one RecordBatch per partition (several when they do not fit in one) and appends the
/// batches side by side. Records of one partition keep the order of the request.
/// </summary>
internal sealed partial class RecordAppender(ILog log, KafkaRestOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>Upper bound of what a batch adds to its records (Kafka's RECORD_BATCH_OVERHEAD).</summary>
    private const int BatchOverheadBytes = 61;

    /// <summary>Upper bound of what a record adds to its key and value: Kafka's MAX_RECORD_OVERHEAD and three lengths.</summary>
    private const int RecordOverheadBytes = 21 + 11;

    private uint _keyless;

    /// <summary>
    /// Appends all records of the state and leaves the outcome in it. <paramref name="partition"/> is for records that name none
    /// themselves; null lets the key choose, and one partition after the other, request by request, where there is no key.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask AppendAsync(TopicDescription topic, int? partition, ProduceState state, CancellationToken cancel)
    {
        FillBatches(topic, partition, state);
        if (state.BatchCount == 1)
        {
            var batch = state.BatchAt(0);
            batch.Result = await log.AppendAsync(new(topic.Name, batch.Partition), batch.Builder.Build(), cancel);
        }
        else
        {
            await AppendAllAsync(topic, state, cancel);
        }

        LogRefusals(topic, state);
    }

    private async Task AppendAllAsync(TopicDescription topic, ProduceState state, CancellationToken cancel)
    {
        var appends = new Task<AppendResult>[state.BatchCount];
        for (var i = 0; i < appends.Length; i++) appends[i] = StartAsync(topic, state.BatchAt(i), cancel);

        // The builders' bytes belong to the log until every append has ended, so the first failure does not end the wait.
        await Task.WhenAll(appends);
        for (var i = 0; i < appends.Length; i++) state.BatchAt(i).Result = await appends[i];
    }

    private async Task<AppendResult> StartAsync(TopicDescription topic, PartitionBatch batch, CancellationToken cancel) =>
        await log.AppendAsync(new(topic.Name, batch.Partition), batch.Builder.Build(), cancel);

    private void FillBatches(TopicDescription topic, int? partition, ProduceState state)
    {
        var open = state.OpenBatches(topic.PartitionCount);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var keyless = -1;
        foreach (ref var record in state.Records)
        {
            var key = state.BytesOf(record.Key);
            var value = state.BytesOf(record.Value);
            if (record.Partition == ProduceRecord.NoPartition)
            {
                record.Partition = partition
                    ?? (topic.PartitionCount == 1 ? 0
                    : key.IsNull ? (keyless < 0 ? keyless = NextKeyless(topic) : keyless)
                    : Partitioner.Choose(key.Span, topic.PartitionCount));
            }

            var bytes = RecordOverheadBytes + key.Span.Length + value.Span.Length;
            record.Fault = FaultOf(record, bytes, topic);
            if (record.Fault != RecordFault.None) continue;
            ref var index = ref open[record.Partition];
            if (index < 0 || state.BatchAt(index).Builder.SizeBytes + bytes > options.BatchBytesMax)
            {
                index = state.BeginBatch(record.Partition);
            }

            var builder = state.BatchAt(index).Builder;
            record.Batch = index;
            record.Position = builder.Count;
            builder.Append(now, key, value);
        }
    }

    private RecordFault FaultOf(in ProduceRecord record, int bytes, TopicDescription topic) =>
        record.Partition >= topic.PartitionCount ? RecordFault.UnknownPartition
        : BatchOverheadBytes + bytes > options.RecordBytesMax ? RecordFault.TooLarge
        : RecordFault.None;

    private int NextKeyless(TopicDescription topic) =>
        (int)(Interlocked.Increment(ref _keyless) % (uint)topic.PartitionCount);

    private void LogRefusals(TopicDescription topic, ProduceState state)
    {
        for (var i = 0; i < state.BatchCount; i++)
        {
            var batch = state.BatchAt(i);
            switch (batch.Result.Error)
            {
                case AppendError.StorageError or AppendError.CorruptMessage:
                    LogFailure(logger, topic.Name, batch.Partition, batch.Result.Error, batch.Builder.Count);
                    break;
                case AppendError.Busy:
                    LogBusy(logger, topic.Name, batch.Partition, batch.Builder.Count);
                    break;
            }
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The log refused {Count} record(s) for {Topic}-{Partition}: {Error}.")]
    private static partial void LogFailure(ILogger logger, string topic, int partition, AppendError error, int count);

    [LoggerMessage(2, LogLevel.Warning, "The queue of {Topic}-{Partition} is full: {Count} record(s) were refused and may be sent again.")]
    private static partial void LogBusy(ILogger logger, string topic, int partition, int count);
}

using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Sluice.Log;

namespace Sluice.Kinesis.Shards;

/// <summary>
/// Gives the records of a call to the shards their hash keys fall into. A shard that closes meanwhile is followed into its children,
/// so a put never sees a reshard.
/// </summary>
internal static partial class RecordAppender
{
    /// <summary>What a record has in a batch beside its key and data, at most: numbers and lengths.</summary>
    private const int RecordOverheadBytes = 32;

    /// <summary>Appends all records and leaves the outcome of each with it.</summary>
    /// <returns>ResourceNotFoundException when the stream was deleted meanwhile.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<KinesisError?> AppendAsync(KinesisCall call, StreamDescription stream)
    {
        var puts = call.Puts;
        if (call.Options.EnforceRates) Throttle(call, stream);
        for (var reshards = 0; ; reshards++)
        {
            FillBatches(call, stream);
            if (puts.BatchCount == 1) puts.BatchAt(0).Result = await AppendAsync(call, stream, 0);
            else await AppendAllAsync(call, stream);
            if (IsGone(puts)) return StreamTarget.NotFound(call, stream.Name);
            if (Collect(call, stream)) return null;
            if (reshards == call.Options.Limits.ReshardsFollowed) break;
            await call.Log.WaitForChangesAsync(call.Cancel);
            if (call.Log.FindStream(stream.Name) is not { } changed) return StreamTarget.NotFound(call, stream.Name);
            stream = changed;
        }

        foreach (ref var entry in puts.Entries)
        {
            if (entry.Outcome == PutOutcome.Pending) entry.Outcome = PutOutcome.Throttled;
        }

        return null;
    }

    /// <summary>AWS's message of ProvisionedThroughputExceededException for one shard.</summary>
    public static string RateExceeded(KinesisCall call, StreamDescription stream, Shard shard) =>
        $"Rate exceeded for shard {shard.Id} in stream {stream.Name} under account {call.Options.AccountId}.";

    private static void Throttle(KinesisCall call, StreamDescription stream)
    {
        foreach (ref var entry in call.Puts.Entries)
        {
            entry.Shard = stream.ShardOf(entry.HashKey);
            if (!call.Services.Rates.TryWrite(stream, entry.Shard, entry.SizeBytes)) entry.Outcome = PutOutcome.Throttled;
        }
    }

    private static void FillBatches(KinesisCall call, StreamDescription stream)
    {
        var puts = call.Puts;
        var reader = call.Reader;
        var nowMs = call.NowMs;
        var open = puts.BeginBatches(puts.Count == 1 ? 0 : stream.Shards.Count);
        foreach (ref var entry in puts.Entries)
        {
            if (entry.Outcome != PutOutcome.Pending) continue;
            entry.Shard = stream.ShardOf(entry.HashKey);
            var index = open.IsEmpty ? -1 : open[entry.Shard.Number];
            var bytes = entry.SizeBytes + RecordOverheadBytes;
            if (index < 0 || puts.BatchAt(index).Builder.SizeBytes + bytes > call.Options.Limits.BatchBytes)
            {
                index = puts.BeginBatch(entry.Shard);
                if (!open.IsEmpty) open[entry.Shard.Number] = index;
            }

            var builder = puts.BatchAt(index).Builder;
            entry.Batch = index;
            entry.Position = builder.Count;
            builder.Append(nowMs, RecordBytes.Of(reader.BytesOf(entry.Key)), RecordBytes.Of(reader.BytesOf(entry.Data)));
        }
    }

    private static ValueTask<AppendResult> AppendAsync(KinesisCall call, StreamDescription stream, int index)
    {
        var batch = call.Puts.BatchAt(index);
        return call.Log.AppendAsync(new TopicPartition(stream.Name, batch.Shard.Number), batch.Builder.Build(), call.Cancel);
    }

    /// <summary>A refusal that is thrown at once becomes a task too: the appends begun before it are still waited for.</summary>
    private static async Task<AppendResult> StartAsync(KinesisCall call, StreamDescription stream, int index) =>
        await AppendAsync(call, stream, index);

    private static async Task AppendAllAsync(KinesisCall call, StreamDescription stream)
    {
        var appends = new Task<AppendResult>[call.Puts.BatchCount];
        for (var i = 0; i < appends.Length; i++) appends[i] = StartAsync(call, stream, i);

        // The builders' bytes belong to the log until every append has ended, so the first failure does not end the wait.
        await Task.WhenAll(appends);
        for (var i = 0; i < appends.Length; i++) call.Puts.BatchAt(i).Result = await appends[i];
    }

    /// <summary>Whether the log no longer has the stream, or a shard of it, which none loses while it lives.</summary>
    private static bool IsGone(PutState puts)
    {
        for (var i = 0; i < puts.BatchCount; i++)
        {
            if (puts.BatchAt(i).Result.Error == AppendError.UnknownTopicOrPartition) return true;
        }

        return false;
    }

    /// <summary>Takes over what the log answered; false when records remain whose shard had closed.</summary>
    private static bool Collect(KinesisCall call, StreamDescription stream)
    {
        var isComplete = true;
        foreach (ref var entry in call.Puts.Entries)
        {
            if (entry.Outcome != PutOutcome.Pending) continue;
            var batch = call.Puts.BatchAt(entry.Batch);
            entry.Outcome = batch.Result.Error switch
            {
                AppendError.None => PutOutcome.Stored,
                AppendError.PartitionClosed => PutOutcome.Pending,
                AppendError.Busy => PutOutcome.Throttled,
                _ => PutOutcome.Failed,
            };
            if (entry.Outcome == PutOutcome.Stored) entry.Number = batch.Shard.SequenceNumberOf(batch.Result.BaseOffset + entry.Position);
            else if (entry.Outcome == PutOutcome.Failed) LogFailure(call.Services.Logger, stream.Name, batch.Shard.Id, batch.Result.Error);
            isComplete &= entry.Outcome != PutOutcome.Pending;
        }

        return isComplete;
    }

    [LoggerMessage(21, LogLevel.Error, "The log refused a record for shard {Shard} of stream {Stream}: {Error}.")]
    private static partial void LogFailure(ILogger logger, string stream, string shard, AppendError error);
}

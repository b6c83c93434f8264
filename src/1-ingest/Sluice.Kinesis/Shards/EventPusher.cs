using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Sluice.Kinesis.EventStream;
using Sluice.Kinesis.Wire;
using Sluice.Log;

namespace Sluice.Kinesis.Shards;

/// <summary>Pushes a shard's records to a subscriber, event by event, until five minutes are over, the shard ends, or another takes over.</summary>
internal sealed partial class EventPusher(KinesisCall call, StreamDescription first, int shardNumber, Subscription subscription)
{
    private const string EventType = "SubscribeToShardEvent";

    /// <summary>
    /// What a stream of events ends with for a reason that is not the caller's: of such errors it has no other
    /// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SubscribeToShardEventStream.html).
    /// </summary>
    private const string FailureType = "InternalFailureException";

    /// <summary>
    /// Data of one event: 1 MiB, half of what AWS pushes a second, so that a slow reader sees progress; a larger record is an event alone.
    /// </summary>
    private const int EventBytes = 1 << 20;

    /// <summary>An event without records is sent this often while nothing arrives, as AWS does, so that the reader knows where it is.</summary>
    private static readonly TimeSpan s_idleEvent = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time = call.Services.Time;

    /// <summary>Sends the whole answer, from the status on.</summary>
    public async Task PushAsync(long offset)
    {
        var response = call.Http.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = MediaTypes.EventStream;
        response.Headers["x-amzn-RequestId"] = RequestIds.Next().ToString();
        call.IsAnswered = true;
        var mark = EventStreamMessage.BeginEvent(call.Answer, EventStreamMessage.InitialResponse, call.Format);
        call.Response.Begin(call.Answer);
        call.Response.StartMap();
        call.Response.EndMap();
        await SendAsync(mark);
        try
        {
            await PushEventsAsync(offset);
        }
        catch (UnknownTopicPartitionException)
        {
            await FailAsync(StreamTarget.NotFound(call, first.Name));
        }
        catch (Exception unexpected) when (unexpected is not ConnectionAbortedException and not ConnectionResetException && !call.Cancel.IsCancellationRequested)
        {
            LogUnexpected(call.Services.Logger, unexpected, first.Name);
            await FailAsync(KinesisError.Internal with { Type = FailureType });
        }
    }

    private async Task PushEventsAsync(long offset)
    {
        var end = _time.GetTimestamp() + (long)(KinesisLimits.SubscriptionLife.TotalSeconds * _time.TimestampFrequency);
        while (true)
        {
            if (call.Log.FindStream(first.Name) is not { } stream || stream.Topic.Id != first.Topic.Id)
                throw new UnknownTopicPartitionException(new TopicPartition(first.Name, shardNumber));
            var page = await WriteEventAsync(stream, offset);
            if (page is null || page.IsLast) return;
            offset = page.Next;
            if (_time.GetTimestamp() >= end || call.Services.Subscriptions.HaveStopped.IsCompleted) return;
            if (subscription.Replaced.IsCompleted || (offset >= page.End && !await WaitAsync(stream, offset, end)))
            {
                await FailAsync(KinesisError.ResourceInUse("Another subscription of the same consumer to this shard took over."));
                return;
            }
        }
    }

    /// <summary>One event; null when it could not be read for want of memory, which ends the stream with its error.</summary>
    private async ValueTask<RecordPage?> WriteEventAsync(StreamDescription stream, long offset)
    {
        var shard = stream.Shards[shardNumber];
        var page = new RecordPage(call, stream, shard, KinesisLimits.GetRecordsMax);
        var mark = EventStreamMessage.BeginEvent(call.Answer, EventType, call.Format);
        call.Response.Begin(call.Answer);
        call.Response.StartMap();
        if (await page.WriteAsync(offset, EventBytes) is { } error)
        {
            call.Answer.Reset();
            await FailAsync(error with { Type = FailureType });
            return null;
        }

        call.Response.Name("ContinuationSequenceNumber"u8);
        if (page.IsLast) call.Response.Null();
        else call.Response.Text((page.Next == 0 ? shard.StartingSequenceNumber : shard.SequenceNumberOf(page.Next - 1)).ToString());
        call.Response.Integer("MillisBehindLatest"u8, page.MillisBehindLatest);
        page.WriteChildShards();
        call.Response.EndMap();
        await SendAsync(mark);
        return page;
    }

    /// <summary>Waits for records, the end of the shard, the next idle event or the end of subscriptions; false when another took over.</summary>
    private async Task<bool> WaitAsync(StreamDescription stream, long offset, long end)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(call.Cancel);
        var records = call.Log.WaitForRecordsAsync(new TopicPartition(stream.Name, shardNumber), offset, stop.Token).AsTask();
        var left = _time.GetElapsedTime(_time.GetTimestamp(), end);
        // The end may have passed since it was looked at.
        if (left < TimeSpan.Zero) left = TimeSpan.Zero;
        var idle = Task.Delay(left < s_idleEvent ? left : s_idleEvent, _time, stop.Token);
        var done = await Task.WhenAny(records, subscription.Replaced, idle, call.Services.Subscriptions.HaveStopped);
        if (done == records) await records;
        await stop.CancelAsync();
        call.Cancel.ThrowIfCancellationRequested();
        return done != subscription.Replaced;
    }

    private Task FailAsync(KinesisError error)
    {
        call.Answer.Reset();
        var mark = EventStreamMessage.BeginException(call.Answer, error.Type, call.Format);
        call.Response.Begin(call.Answer);
        call.Response.StartMap();
        call.Response.Text("message"u8, error.Message);
        call.Response.EndMap();
        return SendAsync(mark);
    }

    private async Task SendAsync(int mark)
    {
        call.Response.Flush();
        EventStreamMessage.End(call.Answer, mark);
        await call.SendAsync();
        call.Answer.Reset();
        call.Release();
    }

    [LoggerMessage(22, LogLevel.Error, "A subscription to stream {Stream} failed.")]
    private static partial void LogUnexpected(ILogger logger, Exception unexpected, string stream);
}

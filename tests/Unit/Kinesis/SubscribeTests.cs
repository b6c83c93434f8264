using System.Net;
using System.Text;
using System.Text.Json;
using Sluice.Kinesis;
using Sluice.Kinesis.Shards;
using Sluice.Log;

namespace Sluice.Unit.Kinesis;

public sealed class SubscribeTests
{
    [Fact]
    public async Task Records_are_pushed_as_they_arrive_and_the_place_is_told_with_each_event()
    {
        await using var bed = await KinesisBed.StartAsync();
        var arn = await RegisterAsync(bed);
        await bed.PutAsync("a");
        using var response = await SubscribeAsync(bed, arn, new { Type = "TRIM_HORIZON" });
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/vnd.amazon.eventstream");
        var events = new EventReader(await response.Content.ReadAsStreamAsync());
        (await events.NextAsync())!.Type.ShouldBe("initial-response");
        var first = (await events.NextAsync())!;
        first.Type.ShouldBe("SubscribeToShardEvent");
        KinesisBed.Texts(first.Payload).ShouldBe(["a"]);
        first.Payload.GetProperty("MillisBehindLatest").GetInt64().ShouldBe(0);
        var number = (await bed.PutAsync("b")).GetProperty("SequenceNumber").GetString();
        var second = (await events.NextAsync())!;
        KinesisBed.Texts(second.Payload).ShouldBe(["b"]);
        second.Payload.GetProperty("ContinuationSequenceNumber").GetString().ShouldBe(number);
    }

    [Fact]
    public async Task An_idle_subscription_says_where_it_is_and_ends_after_five_minutes()
    {
        await using var bed = await KinesisBed.StartAsync();
        var arn = await RegisterAsync(bed);
        using var response = await SubscribeAsync(bed, arn, new { Type = "LATEST" });
        var events = new EventReader(await response.Content.ReadAsStreamAsync());
        await events.NextAsync();
        var count = 0;
        while (await NextAsync(bed, events, TimeSpan.FromSeconds(5)) is { } message)
        {
            count++;
            KinesisBed.Texts(message.Payload).ShouldBeEmpty();
            message.Payload.GetProperty("ContinuationSequenceNumber").GetString()!.Length.ShouldBe(56);
        }

        count.ShouldBeInRange(2, 62);
        (bed.NowMs - DateTimeOffset.UnixEpoch.AddDays(20_000).AddMilliseconds(7).ToUnixTimeMilliseconds()).ShouldBeGreaterThanOrEqualTo(300_000);
    }

    [Fact]
    public async Task The_end_of_a_closed_shard_ends_the_subscription_and_names_the_children()
    {
        await using var bed = await KinesisBed.StartAsync();
        var arn = await RegisterAsync(bed);
        await bed.PutAsync("a");
        using var response = await SubscribeAsync(bed, arn, new { Type = "TRIM_HORIZON" });
        var events = new EventReader(await response.Content.ReadAsStreamAsync());
        await events.NextAsync();
        await events.NextAsync();
        await bed.CallAsync("SplitShard", new { StreamName = "s", ShardToSplit = KinesisBed.FirstShard, NewStartingHashKey = "99" });
        var last = (await events.NextAsync())!.Payload;
        last.GetProperty("ContinuationSequenceNumber").ValueKind.ShouldBe(JsonValueKind.Null);
        last.GetProperty("ChildShards").EnumerateArray().Select(c => c.GetProperty("ShardId").GetString()).ShouldBe(["shardId-000000000001", "shardId-000000000002"]);
        (await events.NextAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task A_second_subscription_is_refused_for_five_seconds_and_takes_over_after()
    {
        await using var bed = await KinesisBed.StartAsync();
        var arn = await RegisterAsync(bed);
        using var first = await SubscribeAsync(bed, arn, new { Type = "LATEST" });
        var events = new EventReader(await first.Content.ReadAsStreamAsync());
        await events.NextAsync();
        await events.NextAsync();
        var request = new { ConsumerARN = arn, ShardId = KinesisBed.FirstShard, StartingPosition = new { Type = "LATEST" } };
        (await bed.RefusedAsync("SubscribeToShard", request)).Type.ShouldBe("ResourceInUseException");
        bed.Time.Advance(TimeSpan.FromSeconds(5));
        using var second = await SubscribeAsync(bed, arn, new { Type = "LATEST" });
        EventMessage? message;
        do
        {
            message = await events.NextAsync();
        }
        while (message is { Kind: "event" });

        message.ShouldNotBeNull().Type.ShouldBe("ResourceInUseException");
        (await events.NextAsync()).ShouldBeNull();
        await bed.PutAsync("x");
        var taken = new EventReader(await second.Content.ReadAsStreamAsync());
        await taken.NextAsync();
        var texts = new List<string>();
        while (texts.Count == 0) texts.AddRange(KinesisBed.Texts((await taken.NextAsync())!.Payload));
        texts.ShouldBe(["x"]);
    }

    [Fact]
    public async Task A_subscription_whose_end_passes_before_it_waits_ends_like_any_other()
    {
        // Read when it begins, after the first event, before the wait, and after the second event.
        await using var bed = new CallBed(new ClockOf(0, 299_999, 300_010, 300_020));
        await new EventPusher(bed.Call, await bed.CreateAsync(), shardNumber: 0, new Subscription(startedAt: 0)).PushAsync(offset: 0);
        (await bed.EventsAsync()).Select(message => message.Type).ShouldBe(["initial-response", "SubscribeToShardEvent", "SubscribeToShardEvent"]);
    }

    [Fact]
    public async Task A_subscription_without_memory_for_its_records_ends_with_an_error_that_streams_of_events_have()
    {
        var limits = new KinesisLimits { LargeBytesInFlight = 1, LargeRequestsWaiting = 0, SmallBytes = 10 };
        await using var bed = new CallBed(TimeProvider.System, new KinesisOptions { Limits = limits });
        var stream = await bed.CreateAsync();
        var batch = new RecordBatchBuilder();
        batch.Append(0, RecordBytes.Of("k"u8), RecordBytes.Of("d"u8));
        (await bed.Log.AppendAsync(new TopicPartition("s", 0), batch.Build(), default)).Error.ShouldBe(AppendError.None);
        (await bed.Services.Budget.TakeAsync(1, default)).ShouldBe(1);
        await new EventPusher(bed.Call, stream, shardNumber: 0, new Subscription(startedAt: 0)).PushAsync(offset: 0);
        var messages = await bed.EventsAsync();
        messages.Select(message => (message.Kind, message.Type)).ShouldBe([("event", "initial-response"), ("exception", "InternalFailureException")]);
        messages[^1].Payload.GetProperty("message").GetString()!.ShouldContain("in flight");
    }

    [Fact]
    public async Task Subscriptions_end_when_the_endpoint_stops()
    {
        await using var bed = await KinesisBed.StartAsync();
        var arn = await RegisterAsync(bed);
        using var response = await SubscribeAsync(bed, arn, new { Type = "LATEST" });
        var events = new EventReader(await response.Content.ReadAsStreamAsync());
        await events.NextAsync();
        await events.NextAsync();
        bed.Service.EndSubscriptions();
        while (await events.NextAsync() is { } message) message.Type.ShouldBe("SubscribeToShardEvent");
    }

    [Fact]
    public async Task A_deleted_stream_ends_its_subscriptions_by_name()
    {
        await using var bed = await KinesisBed.StartAsync();
        var arn = await RegisterAsync(bed);
        using var response = await SubscribeAsync(bed, arn, new { Type = "LATEST" });
        var events = new EventReader(await response.Content.ReadAsStreamAsync());
        await events.NextAsync();
        await events.NextAsync();
        await bed.CallAsync("DeleteStream", new { StreamName = "s", EnforceConsumerDeletion = true });
        (await events.NextAsync()).ShouldNotBeNull().Type.ShouldBe("ResourceNotFoundException");
        (await events.NextAsync()).ShouldBeNull();
    }

    [Theory]
    [InlineData("""{"ShardId":"shardId-000000000000","StartingPosition":{"Type":"LATEST"}}""", "ValidationException")]
    [InlineData("""{"ConsumerARN":"CONSUMER","ShardId":"shardId-000000000000"}""", "ValidationException")]
    [InlineData("""{"ConsumerARN":"CONSUMER","ShardId":"shardId-000000000000","StartingPosition":{"Type":"x"}}""", "ValidationException")]
    [InlineData("""{"ConsumerARN":"CONSUMER1","ShardId":"shardId-000000000000","StartingPosition":{"Type":"LATEST"}}""", "ResourceNotFoundException")]
    [InlineData("""{"ConsumerARN":"CONSUMER","ShardId":"shardId-000000000001","StartingPosition":{"Type":"LATEST"}}""", "ResourceNotFoundException")]
    [InlineData("""{"ConsumerARN":"CONSUMER","ShardId":"shardId-000000000000","StartingPosition":{"Type":"AT_SEQUENCE_NUMBER"}}""", "InvalidArgumentException")]
    public async Task A_bad_subscription_is_refused_before_it_begins(string request, string type)
    {
        await using var bed = await KinesisBed.StartAsync();
        var arn = await RegisterAsync(bed);
        (await bed.RefusedTextAsync("SubscribeToShard", request.Replace("CONSUMER", arn, StringComparison.Ordinal))).Type.ShouldBe(type);
    }

    /// <summary>A clock that shows these milliseconds one after the other; its timers are those of the system.</summary>
    private sealed class ClockOf(params long[] shown) : TimeProvider
    {
        private int _read;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => shown[_read++];
    }

    private static async Task<string> RegisterAsync(KinesisBed bed)
    {
        await bed.CreateAsync();
        var createdMs = bed.NowMs;
        await bed.Log.UpdateStreamAsync("s", s => s.Attributes with { Consumers = [new StreamConsumer("c", createdMs)] }, default);
        return $"arn:aws:kinesis:us-east-1:000000000000:stream/s/consumer/c:{createdMs / 1000}";
    }

    private static async Task<HttpResponseMessage> SubscribeAsync(KinesisBed bed, string arn, object position)
    {
        var body = JsonSerializer.Serialize(new { ConsumerARN = arn, ShardId = KinesisBed.FirstShard, StartingPosition = position });
        using var request = bed.Request("SubscribeToShard", body);
        var response = await bed.Server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return response;
    }

    /// <summary>The next message, the clock being moved on as long as none comes.</summary>
    private static async Task<EventMessage?> NextAsync(KinesisBed bed, EventReader events, TimeSpan step)
    {
        var next = events.NextAsync();
        while (true)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            try
            {
                return await next.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                bed.Time.Advance(step);
            }
        }
    }
}

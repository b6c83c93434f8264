using Sluice.Kinesis.Shards;
using Sluice.Log;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SubscribeToShard.html. Works over HTTP/1.1 and HTTP/2.</summary>
internal static class SubscribeToShard
{
    private const int ArnMax = 2048;

    public static async ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var arn = call.Fields.Text("ConsumerARN");
        var shardId = call.Fields.Text("ShardId");
        var start = call.Fields.Nested("StartingPosition");
        var position = new StartPosition(start?.Text("Type"), start?.Text("SequenceNumber"), start?.TimestampMs("Timestamp"));
        var checks = new Validation()
            .NotNull("consumerARN", arn)
            .Text("consumerARN", arn, 1, ArnMax)
            .NotNull("shardId", shardId)
            .ShardId("shardId", shardId)
            .NotNull("startingPosition", start);
        if (start is not null) position.Check(checks, "startingPosition.", "type", "sequenceNumber");
        if (checks.Fault is { } fault) return fault;
        if (Find(call, arn!, out var stream, out var consumer) is { } unknown) return unknown;
        if (stream!.Find(shardId) is not { } shard) return StreamTarget.ShardNotFound(call, stream, shardId!);
        var (offset, refused) = await position.ResolveAsync(call, stream, shard);
        if (refused is not null) return refused;
        if (call.Services.Subscriptions.TryBegin(stream, consumer!, shard) is not { } subscription)
            return KinesisError.ResourceInUse($"Another active subscription exists for this consumer: {call.Options.AccountId}:{stream.Name}:{shard.Id}:{consumer!.Name}");
        try
        {
            await new EventPusher(call, stream, shard.Number, subscription).PushAsync(offset);
        }
        finally
        {
            call.Services.Subscriptions.End(subscription);
        }

        return null;
    }

    private static KinesisError? Find(KinesisCall call, string arn, out StreamDescription? stream, out StreamConsumer? consumer)
    {
        (stream, consumer) = (null, null);
        var nowMs = call.NowMs;
        if (call.Services.Names.TryParseConsumer(arn, out var streamName, out var name, out var createdSeconds)
            && call.Log.FindStream(streamName) is { } found
            && !StreamTarget.IsGone(found, nowMs))
        {
            stream = found;
            consumer = found.Attributes.Consumers.FirstOrDefault(c => c.Name == name && c.CreatedMs / 1000 == createdSeconds);
        }

        if (consumer is null) return KinesisError.ResourceNotFound($"Consumer {arn} not found.");
        return consumer.ActiveFromMs > nowMs
            ? KinesisError.ResourceInUse($"Consumer {arn} is not ACTIVE, instead in state CREATING")
            : null;
    }
}

using Sluice.Kinesis.Resources;
using Sluice.Kinesis.Shards;
using Sluice.Log;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_RegisterStreamConsumer.html</summary>
internal static class RegisterStreamConsumer
{
    public static async ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var name = call.Fields.Text("ConsumerName");
        var tags = call.Fields.Map("Tags");
        var checks = new Validation().NotNull("streamARN", call.Fields.Text("StreamARN")).NotNull("consumerName", name)
            .Text("consumerName", name, 1, 128, Validation.StreamNamePattern());
        if (StreamTarget.Find(call, TagRules.Check(checks, tags, isRequired: false), out var error) is not { } stream) return error;
        if (tags is not null && TagRules.CheckCharacters(tags.Keys, tags.Values) is { } invalid) return invalid;
        var delay = (long)call.Options.StateDelay.TotalMilliseconds;
        var consumer = new StreamConsumer(name!, call.NowMs) { ActiveFromMs = delay > 0 ? call.NowMs + delay : null };
        if (tags is not null) consumer = consumer with { Tags = consumer.Tags.AddRange(tags) };
        if (await StreamChange.ApplyAsync(call, stream.Name, current => Register(call, current, consumer)) is { } refused) return refused;
        call.Response.StartMap();
        call.Response.StartMap("Consumer"u8);
        // AWS answers CREATING whatever follows; clients ask DescribeStreamConsumer until it is ACTIVE.
        Consumers.Write(call, stream.Name, consumer, "CREATING");
        call.Response.EndMap();
        call.Response.EndMap();
        return null;
    }

    private static StreamChange Register(KinesisCall call, StreamDescription current, StreamConsumer consumer)
    {
        var present = current.Attributes.Consumers;
        if (Consumers.Named(current, consumer.Name) is not null)
        {
            return KinesisError.ResourceInUse(
                $"Consumer {consumer.Name} of stream {current.Name} under account {call.Options.AccountId} already exists.");
        }

        if (present.Length >= Consumers.ConsumersMax)
        {
            return KinesisError.LimitExceeded(
                $"Stream {current.Name} under account {call.Options.AccountId} has {Consumers.ConsumersMax} registered consumers, the most there may be.");
        }

        if (present.Count(other => !Consumers.IsActive(other, call.NowMs)) >= Consumers.CreatingMax)
        {
            return KinesisError.LimitExceeded(
                $"Stream {current.Name} under account {call.Options.AccountId} has {Consumers.CreatingMax} consumers in state CREATING. Retry later.");
        }

        return TagRules.Fitting(call, current.Name, current.Attributes with { Consumers = present.Add(consumer) });
    }
}

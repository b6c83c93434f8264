using System.Text.RegularExpressions;
using Sluice.Kinesis.Shards;
using Sluice.Kinesis.Wire;
using Sluice.Log;

namespace Sluice.Kinesis.Resources;

/// <summary>Registered consumers of enhanced fan-out: how requests name them, and how answers show them.</summary>
internal static partial class Consumers
{
    /// <summary>Consumers of one stream: AWS.</summary>
    public const int ConsumersMax = 20;

    /// <summary>Consumers of one stream that may be CREATING at one moment: AWS.</summary>
    public const int CreatingMax = 5;

    public static StreamConsumer? Named(StreamDescription stream, string name) =>
        stream.Attributes.Consumers.FirstOrDefault(consumer => consumer.Name == name);

    /// <summary>The consumer with exactly this ARN: one of the same name that was registered at another second is another one.</summary>
    public static StreamConsumer? ByArn(KinesisCall call, StreamDescription stream, string arn) =>
        stream.Attributes.Consumers.FirstOrDefault(
            consumer => call.Services.Names.OfConsumer(stream.Name, consumer.Name, consumer.CreatedMs) == arn);

    /// <summary>The consumer a request names by ConsumerARN, or by StreamARN and ConsumerName; null with the error when there is none.</summary>
    public static StreamConsumer? Find(KinesisCall call, out StreamDescription? stream, out KinesisError? error)
    {
        stream = null;
        var (streamArn, name, arn) = (call.Fields.Text("StreamARN"), call.Fields.Text("ConsumerName"), call.Fields.Text("ConsumerARN"));
        error = new Validation().StreamArn(streamArn).Text("consumerName", name, 1, 128, Validation.StreamNamePattern())
            .Text("consumerARN", arn, 1, 2048, ConsumerArnPattern()).Fault;
        if (error is not null) return null;
        if (arn is null && (streamArn is null || name is null))
        {
            error = KinesisError.InvalidArgument("Either ConsumerARN or both StreamARN and ConsumerName must be provided.");
            return null;
        }

        var streamName = call.Services.Names.StreamOf(streamArn ?? arn).ToString();
        stream = StreamTarget.Find(call, streamName, out error);
        if (stream is null) return null;
        var named = arn is null ? Named(stream, name!) : ByArn(call, stream, arn);
        // Both ways of naming must mean the same consumer.
        if (named is not null && (name is null || named.Name == name)) return named;
        error = NotFound(call, name ?? arn!, streamName);
        return null;
    }

    public static KinesisError NotFound(KinesisCall call, string consumer, string stream) => KinesisError.ResourceNotFound(
        $"Consumer {consumer} of stream {stream} under account {call.Options.AccountId} not found.");

    /// <summary>The stream's attributes with one consumer changed, or refused when it is gone.</summary>
    public static StreamChange Replace(
        KinesisCall call, StreamDescription current, StreamConsumer consumer, Func<StreamConsumer, StreamConsumer> change)
    {
        var all = current.Attributes.Consumers;
        var at = all.IndexOf(all.FirstOrDefault(present => IsSame(present, consumer))!);
        return at < 0 ? NotFound(call, consumer.Name, current.Name) : current.Attributes with { Consumers = all.SetItem(at, change(all[at])) };
    }

    /// <summary>Whether both are the same registration, whatever changed since.</summary>
    public static bool IsSame(StreamConsumer one, StreamConsumer other) => one.Name == other.Name && one.CreatedMs == other.CreatedMs;

    public static string StatusOf(KinesisCall call, StreamConsumer consumer) => IsActive(consumer, call.NowMs) ? "ACTIVE" : "CREATING";

    public static bool IsActive(StreamConsumer consumer, long nowMs) => consumer.ActiveFromMs is not { } from || from <= nowMs;

    /// <summary>The members of a consumer, inside a map that is open.</summary>
    public static void Write(KinesisCall call, string stream, StreamConsumer consumer, string status)
    {
        ResponseWriter response = call.Response;
        response.Text("ConsumerName"u8, consumer.Name);
        response.Text("ConsumerARN"u8, call.Services.Names.OfConsumer(stream, consumer.Name, consumer.CreatedMs));
        response.Text("ConsumerStatus"u8, status);
        response.Timestamp("ConsumerCreationTimestamp"u8, consumer.CreatedMs);
    }

    [GeneratedRegex(@"^arn:aws.*:kinesis:.*:\d{12}:.*stream\/[a-zA-Z0-9_.-]+\/consumer\/[a-zA-Z0-9_.-]+:[0-9]+\z")]
    private static partial Regex ConsumerArnPattern();
}

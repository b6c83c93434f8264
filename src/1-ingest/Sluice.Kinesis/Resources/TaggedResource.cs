using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Sluice.Kinesis.Shards;
using Sluice.Log;

namespace Sluice.Kinesis.Resources;

/// <summary>Tags after a change.</summary>
internal delegate ImmutableSortedDictionary<string, string> TagChange(ImmutableSortedDictionary<string, string> tags);

/// <summary>What a <c>ResourceARN</c> names: a stream, or a consumer of one. Both may have tags and a policy.</summary>
internal readonly partial record struct TaggedResource(StreamDescription Stream, StreamConsumer? Consumer)
{
    public ImmutableSortedDictionary<string, string> Tags => Consumer?.Tags ?? Stream.Attributes.Tags;

    public string? Policy => Consumer is null ? Stream.Attributes.Policy : Consumer.Policy;

    /// <summary>The resource of the request's ResourceARN; null with the error when there is none.</summary>
    public static TaggedResource? Find(KinesisCall call, Validation checks, out KinesisError? error)
    {
        var arn = call.Fields.Text("ResourceARN");
        error = checks.NotNull("resourceARN", arn).Text("resourceARN", arn, 1, 2048, ResourceArnPattern()).Fault;
        return error is null ? Find(call, arn!, out error) : null;
    }

    /// <summary>The attributes of the resource's stream with these tags on the resource; the stream may have changed meanwhile.</summary>
    public StreamChange WithTags(KinesisCall call, StreamDescription current, TagChange change)
    {
        StreamChange changed = Consumer is null
            ? current.Attributes with { Tags = change(current.Attributes.Tags) }
            : Consumers.Replace(call, current, Consumer, consumer => consumer with { Tags = change(consumer.Tags) });
        return changed.Attributes is { } attributes ? TagRules.Fitting(call, current.Name, attributes) : changed;
    }

    /// <summary>The attributes of the resource's stream with this policy on the resource.</summary>
    public StreamChange WithPolicy(KinesisCall call, StreamDescription current, string? policy) => Consumer is null
        ? current.Attributes with { Policy = policy }
        : Consumers.Replace(call, current, Consumer, consumer => consumer with { Policy = policy });

    private static TaggedResource? Find(KinesisCall call, string arn, out KinesisError? error)
    {
        var names = call.Services.Names;
        if (names.TryParseConsumer(arn, out var streamName, out _, out _))
        {
            if (StreamTarget.Find(call, streamName, out error) is not { } owner) return null;
            if (Consumers.ByArn(call, owner, arn) is { } consumer) return new TaggedResource(owner, consumer);
            error = KinesisError.ResourceNotFound($"Consumer {arn} not found.");
            return null;
        }

        var name = names.StreamOf(arn).ToString();
        if (name.Length == 0 || names.OfStream(name) != arn)
        {
            error = KinesisError.ResourceNotFound($"Resource {arn} not found.");
            return null;
        }

        return StreamTarget.Find(call, name, out error) is { } stream ? new TaggedResource(stream, null) : null;
    }

    [GeneratedRegex(@"^arn:aws.*:kinesis:.*:\d{12}:.*stream/\S+\z")]
    private static partial Regex ResourceArnPattern();
}

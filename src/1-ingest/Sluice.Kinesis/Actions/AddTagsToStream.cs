using Sluice.Kinesis.Resources;
using Sluice.Kinesis.Shards;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_AddTagsToStream.html</summary>
internal static class AddTagsToStream
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var tags = call.Fields.Map("Tags");
        if (StreamTarget.Find(call, TagRules.Check(new Validation(), tags), out var error) is not { } stream) return new(error);
        if (TagRules.CheckCharacters(tags!.Keys, tags.Values) is { } invalid) return new(invalid);
        return StreamChange.ApplyAsync(call, stream.Name, current =>
            TagRules.Fitting(call, current.Name, current.Attributes with { Tags = current.Attributes.Tags.SetItems(tags) }));
    }
}

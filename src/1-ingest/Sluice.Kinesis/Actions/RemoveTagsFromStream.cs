using Sluice.Kinesis.Resources;
using Sluice.Kinesis.Shards;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_RemoveTagsFromStream.html</summary>
internal static class RemoveTagsFromStream
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var keys = call.Fields.Texts("TagKeys");
        if (StreamTarget.Find(call, TagRules.CheckKeys(new Validation(), keys), out var error) is not { } stream) return new(error);
        if (TagRules.CheckCharacters(keys!, []) is { } invalid) return new(invalid);
        return StreamChange.ApplyAsync(
            call, stream.Name, current => current.Attributes with { Tags = current.Attributes.Tags.RemoveRange(keys!) });
    }
}

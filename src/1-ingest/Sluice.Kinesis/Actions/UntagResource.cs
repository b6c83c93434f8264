using Sluice.Kinesis.Resources;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UntagResource.html</summary>
internal static class UntagResource
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var keys = call.Fields.Texts("TagKeys");
        if (TaggedResource.Find(call, TagRules.CheckKeys(new Validation(), keys), out var error) is not { } resource) return new(error);
        if (TagRules.CheckCharacters(keys!, []) is { } invalid) return new(invalid);
        return StreamChange.ApplyAsync(
            call, resource.Stream.Name, current => resource.WithTags(call, current, present => present.RemoveRange(keys!)));
    }
}

using Sluice.Kinesis.Resources;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_TagResource.html</summary>
internal static class TagResource
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var tags = call.Fields.Map("Tags");
        if (TaggedResource.Find(call, TagRules.Check(new Validation(), tags), out var error) is not { } resource) return new(error);
        if (TagRules.CheckCharacters(tags!.Keys, tags.Values) is { } invalid) return new(invalid);
        return StreamChange.ApplyAsync(
            call, resource.Stream.Name, current => resource.WithTags(call, current, present => present.SetItems(tags)));
    }
}

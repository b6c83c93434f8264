using Sluice.Kinesis.Resources;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListTagsForResource.html</summary>
internal static class ListTagsForResource
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        if (TaggedResource.Find(call, new Validation(), out var error) is not { } resource) return new(error);
        call.Response.StartMap();
        TagList.Write(call.Response, resource.Tags);
        call.Response.EndMap();
        return default;
    }
}

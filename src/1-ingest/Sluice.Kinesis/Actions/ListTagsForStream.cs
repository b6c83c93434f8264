using Sluice.Kinesis.Resources;
using Sluice.Kinesis.Shards;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListTagsForStream.html</summary>
internal static class ListTagsForStream
{
    private const int LimitMax = 50;

    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var from = call.Fields.Text("ExclusiveStartTagKey");
        var limit = call.Fields.Integer("Limit");
        var checks = new Validation().Text("exclusiveStartTagKey", from, 1, 128).Range("limit", limit, 1, LimitMax);
        if (StreamTarget.Find(call, checks, out var error) is not { } stream) return new(error);
        var rest = stream.Attributes.Tags.Where(tag => from is null || string.CompareOrdinal(tag.Key, from) > 0).ToList();
        var page = rest.Take(limit ?? LimitMax).ToList();
        call.Response.StartMap();
        TagList.Write(call.Response, page);
        call.Response.Boolean("HasMoreTags"u8, page.Count < rest.Count);
        call.Response.EndMap();
        return default;
    }
}

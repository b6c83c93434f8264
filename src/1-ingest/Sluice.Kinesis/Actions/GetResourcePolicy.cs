using Sluice.Kinesis.Resources;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetResourcePolicy.html</summary>
internal static class GetResourcePolicy
{
    /// <summary>A resource without a policy has an empty one.</summary>
    private const string Empty = "{}";

    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        if (TaggedResource.Find(call, new Validation(), out var error) is not { } resource) return new(error);
        call.Response.StartMap();
        call.Response.Text("Policy"u8, resource.Policy ?? Empty);
        call.Response.EndMap();
        return default;
    }
}

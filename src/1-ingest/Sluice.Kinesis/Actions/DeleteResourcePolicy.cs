using Sluice.Kinesis.Resources;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeleteResourcePolicy.html</summary>
internal static class DeleteResourcePolicy
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        if (TaggedResource.Find(call, new Validation(), out var error) is not { } resource) return new(error);
        return StreamChange.ApplyAsync(call, resource.Stream.Name, current => resource.Policy is null
            ? KinesisError.ResourceNotFound($"No resource policy found for resource ARN {call.Fields.Text("ResourceARN")}")
            : resource.WithPolicy(call, current, null));
    }
}

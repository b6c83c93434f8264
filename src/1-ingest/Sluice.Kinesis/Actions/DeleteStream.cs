using Sluice.Kinesis.Shards;
using Sluice.Log;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeleteStream.html</summary>
internal static class DeleteStream
{
    public static async ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var enforce = call.Fields.Boolean("EnforceConsumerDeletion") ?? false;
        if (StreamTarget.Find(call, new Validation(), out var error) is not { } stream) return error;
        if (!enforce && stream.Attributes.Consumers.Length > 0)
        {
            return KinesisError.ResourceInUse(
                $"Stream {stream.Name} under account {call.Options.AccountId} has registered consumers. "
                + "Deregister them, or set EnforceConsumerDeletion.");
        }

        // One of the same name that was made meanwhile is another stream.
        bool IsMeant(StreamDescription current) => current.Topic.Id == stream.Topic.Id;
        if (call.Options.StateDelay <= TimeSpan.Zero) await call.Log.DeleteStreamAsync(stream.Name, IsMeant, call.Cancel);
        else await call.Log.UpdateStreamAsync(stream.Name, s => IsMeant(s) ? StreamTarget.Pass(call, s.Attributes, StreamStatus.Deleting) : null, call.Cancel);
        return null;
    }
}

using Sluice.Kinesis.Resources;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeregisterStreamConsumer.html</summary>
internal static class DeregisterStreamConsumer
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        if (Consumers.Find(call, out var stream, out var error) is not { } consumer) return new(error);
        return StreamChange.ApplyAsync(call, stream!.Name, current =>
        {
            var rest = current.Attributes.Consumers.RemoveAll(present => Consumers.IsSame(present, consumer));
            return rest.Length == current.Attributes.Consumers.Length
                ? Consumers.NotFound(call, consumer.Name, current.Name)
                : current.Attributes with { Consumers = rest };
        });
    }
}

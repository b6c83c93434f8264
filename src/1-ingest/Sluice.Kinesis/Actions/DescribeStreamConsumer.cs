using Sluice.Kinesis.Resources;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamConsumer.html</summary>
internal static class DescribeStreamConsumer
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        if (Consumers.Find(call, out var stream, out var error) is not { } consumer) return new(error);
        call.Response.StartMap();
        call.Response.StartMap("ConsumerDescription"u8);
        Consumers.Write(call, stream!.Name, consumer, Consumers.StatusOf(call, consumer));
        call.Response.Text("StreamARN"u8, call.Services.Names.OfStream(stream.Name));
        call.Response.EndMap();
        call.Response.EndMap();
        return default;
    }
}

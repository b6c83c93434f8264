using Sluice.Kinesis.Resources;
using Sluice.Kinesis.Shards;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateMaxRecordSize.html</summary>
internal static class UpdateMaxRecordSize
{
    private const int KibMin = 1024;
    private const int KibMax = KinesisLimits.RecordBytesMax / 1024;

    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var size = call.Fields.Integer("MaxRecordSizeInKiB");
        var checks = new Validation().NotNull("maxRecordSizeInKiB", size).Range("maxRecordSizeInKiB", size, KibMin, KibMax);
        return StreamTarget.Find(call, checks, out var error) is { } stream
            ? StreamChange.ApplyToActiveAsync(call, stream.Name, current => current.Attributes with { RecordKibMax = size!.Value })
            : new(error);
    }
}

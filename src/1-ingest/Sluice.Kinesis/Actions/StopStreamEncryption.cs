using Sluice.Kinesis.Resources;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StopStreamEncryption.html</summary>
internal static class StopStreamEncryption
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call) => EncryptionKey.Find(call, out _, out var error) is { } stream
        ? StreamChange.ApplyToActiveAsync(call, stream.Name, current => current.Attributes with { EncryptionKeyId = null })
        : new(error);
}

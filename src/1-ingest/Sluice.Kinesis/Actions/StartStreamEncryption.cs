using Sluice.Kinesis.Resources;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StartStreamEncryption.html</summary>
internal static class StartStreamEncryption
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call) => EncryptionKey.Find(call, out var keyId, out var error) is { } stream
        ? StreamChange.ApplyToActiveAsync(call, stream.Name, current => current.Attributes with { EncryptionKeyId = keyId })
        : new(error);
}

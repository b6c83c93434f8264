using System.Text.RegularExpressions;
using Sluice.Kinesis.Shards;
using Sluice.Log;

namespace Sluice.Kinesis.Resources;

/// <summary>What StartStreamEncryption and StopStreamEncryption have in common.</summary>
internal static partial class EncryptionKey
{
    private const string Kms = "KMS";

    /// <summary>The stream and the key that a request names; null with the error when it may not be.</summary>
    public static StreamDescription? Find(KinesisCall call, out string keyId, out KinesisError? error)
    {
        var (type, key) = (call.Fields.Text("EncryptionType"), call.Fields.Text("KeyId"));
        keyId = key ?? "";
        var checks = new Validation().NotNull("encryptionType", type).OneOf("encryptionType", type, "NONE", Kms)
            .NotNull("keyId", key).Text("keyId", key, 1, 2048);
        if (StreamTarget.Find(call, checks, out error) is not { } stream) return null;
        if (type != Kms)
            error = KinesisError.InvalidArgument($"EncryptionType must be {Kms}.");
        else if (!KeyPattern().IsMatch(key!))
            error = KinesisError.InvalidArgument($"KeyId {key} is no key ID, key ARN, alias name (alias/...) or alias ARN.");
        return error is null ? stream : null;
    }

    [GeneratedRegex(@"^(?:arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(?:key/[a-zA-Z0-9-]+|alias/[a-zA-Z0-9/_-]+)|alias/[a-zA-Z0-9/_-]+|(?:mrk-)?[a-fA-F0-9-]{32,36})\z")]
    private static partial Regex KeyPattern();
}

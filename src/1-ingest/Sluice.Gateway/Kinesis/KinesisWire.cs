namespace Sluice.Gateway.Kinesis;

/// <summary>What a request to Kinesis carries beside its body.</summary>
internal static class KinesisWire
{
    public const string ContentType = "application/x-amz-json-1.1";

    /// <summary>Type of every answer: an integration without response templates answers as application/json.</summary>
    public const string AnswerType = "application/json";

    public const string TargetHeader = "X-Amz-Target";
}

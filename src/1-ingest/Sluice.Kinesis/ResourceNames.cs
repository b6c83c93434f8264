using System.Globalization;

namespace Sluice.Kinesis;

/// <summary>Amazon resource names of this account (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisdatastreams.html).</summary>
internal sealed class ResourceNames(KinesisOptions options)
{
    private const string StreamPart = "stream/";
    private const string ConsumerPart = "/consumer/";
    private readonly string _prefix = $"arn:aws:kinesis:{options.Region}:{options.AccountId}:";

    public string AccountId => options.AccountId;

    public string OfStream(string stream) => _prefix + StreamPart + stream;

    /// <summary>The ARN of a consumer: its name and the second of its registration.</summary>
    public string OfConsumer(string stream, string consumer, long createdMs) =>
        string.Create(CultureInfo.InvariantCulture, $"{OfStream(stream)}{ConsumerPart}{consumer}:{createdMs / 1000}");

    /// <summary>The stream an ARN names, of a stream or a consumer of it; empty when it is none of this account and region.</summary>
    public ReadOnlySpan<char> StreamOf(ReadOnlySpan<char> arn)
    {
        if (!arn.StartsWith(_prefix, StringComparison.Ordinal) || !arn[_prefix.Length..].StartsWith(StreamPart, StringComparison.Ordinal)) return default;
        var name = arn[(_prefix.Length + StreamPart.Length)..];
        var slash = name.IndexOf('/');
        return slash < 0 ? name : name[..slash];
    }

    /// <summary>Reads the ARN of a consumer; false when it is none of this account and region.</summary>
    public bool TryParseConsumer(string arn, out string stream, out string consumer, out long createdSeconds)
    {
        (stream, consumer, createdSeconds) = ("", "", 0);
        var at = arn.IndexOf(ConsumerPart, StringComparison.Ordinal);
        var colon = arn.LastIndexOf(':');
        if (at < 0 || colon < at + ConsumerPart.Length) return false;
        stream = StreamOf(arn).ToString();
        consumer = arn[(at + ConsumerPart.Length)..colon];
        return stream.Length > 0 && long.TryParse(arn.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out createdSeconds);
    }
}

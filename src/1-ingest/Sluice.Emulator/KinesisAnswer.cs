using System.Net;
using System.Text;
using System.Text.Json;

namespace Sluice.Emulator;

/// <summary>
/// Reads answers of Kinesis behind API Gateway: of PutRecord, of PutRecords, and errors. A gateway that maps every answer of Kinesis to 200, as
/// one without error mappings does, is seen through: what counts is what Kinesis said.
/// </summary>
internal static class KinesisAnswer
{
    /// <summary>Errors of Kinesis that pass (https://docs.aws.amazon.com/kinesis/latest/APIReference/CommonErrors.html and PutRecord's own).</summary>
    private static readonly string[] s_passing =
    [
        "ProvisionedThroughputExceededException", "LimitExceededException", "KMSThrottlingException", "ThrottlingException", "InternalFailure",
        "InternalServerError", "ServiceUnavailable", "ResourceInUseException",
    ];

    public static PostAnswer Read(HttpStatusCode status, ReadOnlySpan<byte> body, TimeSpan? retryAfter, Post post)
    {
        var text = Encoding.UTF8.GetString(body);
        try
        {
            using var json = JsonDocument.Parse(text);
            var root = json.RootElement;
            if (root.ValueKind == JsonValueKind.Object)
            {
                if (status == HttpStatusCode.OK && FaultsOf(root) is { } faults && faults.Count == post.Rows.Count) return PostAnswer.Of(post, faults);
                if (TextOf(root, "__type") is { } type) return Failed(status, type[(type.LastIndexOf('#') + 1)..], MessageOf(root), retryAfter, post);
                if (status != HttpStatusCode.OK) text = MessageOf(root) ?? text;
            }
        }
        catch (JsonException)
        {
            text = text.ReplaceLineEndings(" ");
        }

        return status == HttpStatusCode.OK
            ? new PostAnswer(0, post.Rows.Count, Left: false, "200 but no answer of Kinesis for each record; check that the address leads to a Kinesis proxy.")
            : PostAnswer.Failed(status, isPassing: false, PostAnswer.Shortened($"{(int)status} {text}".TrimEnd()), retryAfter, post.Rows.Count);
    }

    private static PostAnswer Failed(HttpStatusCode status, string type, string? message, TimeSpan? retryAfter, Post post)
    {
        var reason = PostAnswer.Shortened($"{(int)status} {type}: {message}");
        return PostAnswer.Failed(status, s_passing.Contains(type), reason, retryAfter, post.Rows.Count);
    }

    /// <summary>What became of each record; null when the answer says nothing of records.</summary>
    private static List<RecordFault?>? FaultsOf(JsonElement root)
    {
        if (TextOf(root, "SequenceNumber") is not null) return [null];
        if (!root.TryGetProperty("Records", out var records) || records.ValueKind != JsonValueKind.Array) return null;
        return [.. records.EnumerateArray().Select(FaultOf)];
    }

    private static RecordFault? FaultOf(JsonElement record)
    {
        if (TextOf(record, "SequenceNumber") is not null) return null;
        // A record of a PutRecords fails only for want of throughput or for a passing fault inside Kinesis.
        return new RecordFault(PostAnswer.Shortened($"200 with {TextOf(record, "ErrorCode")}: {TextOf(record, "ErrorMessage")}"), IsPassing: true);
    }

    private static string? MessageOf(JsonElement root) => TextOf(root, "message") ?? TextOf(root, "Message");

    private static string? TextOf(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}

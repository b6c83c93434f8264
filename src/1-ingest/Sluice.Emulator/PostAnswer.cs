using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Sluice.Emulator;

/// <summary>What one try of a post came to.</summary>
/// <param name="Accepted">Records confirmed by this try.</param>
/// <param name="Refused">Records this try settled as refused, for <paramref name="Reason"/>.</param>
/// <param name="Left">Whether records are left that are worth another try.</param>
/// <param name="Reason">Why records were refused or are left.</param>
/// <param name="IsDown">Whether the server as a whole did not work, rather than this post.</param>
/// <param name="RetryAfter">The pause the server asks for.</param>
internal sealed record PostAnswer(
    int Accepted, int Refused, bool Left, string? Reason, bool IsDown = false, TimeSpan? RetryAfter = null)
{
    // Codes of a record inside a 200 that are worth another try: Kafka REST's "retriable Kafka error", in the spelling of
    // its code and in the bare one of the v2 API's description.
    private const int RetriableKafkaError = 50003;
    private const int RetriableException = 2;

    /// <summary>Nobody answered, or not in time.</summary>
    public static PostAnswer None(string reason) => new(0, 0, Left: true, reason, IsDown: true);

    /// <summary>An answer other than 200.</summary>
    public static PostAnswer Failed(
        HttpStatusCode status, ReadOnlySpan<byte> body, TimeSpan? retryAfter, int records)
    {
        var reason = $"{(int)status} {MessageOf(body)}".TrimEnd();
        var isDown = (int)status >= 500 || status == HttpStatusCode.RequestTimeout;
        return isDown || status == HttpStatusCode.TooManyRequests
            ? new PostAnswer(0, 0, Left: true, reason, isDown, retryAfter)
            : new PostAnswer(0, records, Left: false, reason);
    }

    /// <summary>A 200: each record has its own result. The post keeps the records that are worth another try.</summary>
    public static PostAnswer Settled(ReadOnlySpan<byte> body, Post post)
    {
        var records = post.Rows.Count;
        var results = ReadResults(body);
        if (results is null || results.Count != records)
        {
            var found = results is null ? "no Kafka REST answer" : $"{results.Count} offsets for {records} records";
            return new PostAnswer(0, records, Left: false, $"200 but {found}; check that the address leads to a Kafka REST proxy.");
        }

        if (results.TrueForAll(r => r.Code is null))
        {
            return new PostAnswer(records, 0, Left: false, Reason: null);
        }

        int[] left = [.. Enumerable.Range(0, records).Where(at => results[at].Code is RetriableKafkaError or RetriableException)];
        var accepted = results.Count(r => r.Code is null);
        var first = results.First(r => r.Code is not null);
        post.Keep(left);
        return new PostAnswer(
            accepted, records - accepted - left.Length, left.Length > 0, $"200 with error {first.Code} {first.Error}".TrimEnd());
    }

    private static List<RecordResult>? ReadResults(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isOffsets = reader.ValueTextEquals("offsets"u8);
                reader.Read();
                if (isOffsets)
                {
                    return reader.TokenType == JsonTokenType.StartArray ? ReadOffsets(ref reader) : null;
                }

                reader.Skip();
            }

            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static List<RecordResult> ReadOffsets(ref Utf8JsonReader reader)
    {
        var results = new List<RecordResult>();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            int? code = null;
            string? error = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isCode = reader.ValueTextEquals("error_code"u8);
                var isError = reader.ValueTextEquals("error"u8);
                reader.Read();
                if (isCode && reader.TokenType == JsonTokenType.Number)
                {
                    code = reader.GetInt32();
                }
                else if (isError && reader.TokenType == JsonTokenType.String)
                {
                    error = reader.GetString();
                }
                else
                {
                    reader.Skip();
                }
            }

            results.Add(new RecordResult(code, error));
        }

        return results;
    }

    // {"error_code":N,"message":"..."} of Kafka REST, {"message":"..."} of API Gateway, or whatever a proxy in between says.
    private static string MessageOf(ReadOnlySpan<byte> body)
    {
        var text = Encoding.UTF8.GetString(body);
        try
        {
            using var json = JsonDocument.Parse(text);
            if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("message", out var message))
            {
                text = json.RootElement.TryGetProperty("error_code", out var code)
                    ? string.Create(CultureInfo.InvariantCulture, $"{code}: {message}")
                    : message.ToString();
            }
        }
        catch (JsonException)
        {
            text = text.ReplaceLineEndings(" ");
        }

        return text.Length <= EmulatorLimits.ReasonLength ? text : text[..EmulatorLimits.ReasonLength] + "...";
    }

    private readonly record struct RecordResult(int? Code, string? Error);
}

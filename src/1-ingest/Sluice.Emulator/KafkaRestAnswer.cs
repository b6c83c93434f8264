using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Sluice.Emulator;

/// <summary>Reads answers of the Confluent REST Proxy API v2, and of API Gateway in front of it.</summary>
internal static class KafkaRestAnswer
{
    // Codes of a record inside a 200 that are worth another try: Kafka REST's "retriable Kafka error", in the spelling of
    // its code and in the bare one of the v2 API's description.
    private const int RetriableKafkaError = 50003;
    private const int RetriableException = 2;

    public static PostAnswer Read(HttpStatusCode status, ReadOnlySpan<byte> body, TimeSpan? retryAfter, Post post)
    {
        var records = post.Rows.Count;
        if (status != HttpStatusCode.OK)
        {
            return PostAnswer.Failed(status, isPassing: false, $"{(int)status} {MessageOf(body)}".TrimEnd(), retryAfter, records);
        }

        var results = ReadResults(body);
        if (results?.Count == records)
        {
            return PostAnswer.Of(post, results);
        }

        var found = results is null ? "no Kafka REST answer" : $"{results.Count} offsets for {records} records";
        return new PostAnswer(0, records, Left: false, $"200 but {found}; check that the address leads to a Kafka REST proxy.");
    }

    private static List<RecordFault?>? ReadResults(ReadOnlySpan<byte> body)
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

    private static List<RecordFault?> ReadOffsets(ref Utf8JsonReader reader)
    {
        var results = new List<RecordFault?>();
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

            results.Add(code is null
                ? null
                : new RecordFault($"200 with error {code} {error}".TrimEnd(), code is RetriableKafkaError or RetriableException));
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

        return PostAnswer.Shortened(text);
    }
}

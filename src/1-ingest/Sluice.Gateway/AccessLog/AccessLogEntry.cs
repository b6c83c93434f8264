using System.Net;
using System.Text.Json;

namespace Sluice.Gateway.AccessLog;

/// <summary>What is known of one request; one line of the access log.</summary>
internal sealed class AccessLogEntry
{
    public required string RequestId { get; init; }

    public required string Method { get; init; }

    public required string Path { get; init; }

    public string? Query { get; init; }

    public IPAddress? Ip { get; init; }

    /// <summary>When the request came in.</summary>
    public DateTimeOffset Time { get; init; }

    public string? Stage { get; set; }

    /// <summary>The id of the API key, never its value.</summary>
    public string? KeyId { get; set; }

    public int Status { get; set; }

    /// <summary>Bytes of the response body; null when its length was not known at its start.</summary>
    public long? ResponseLength { get; set; }

    public TimeSpan Latency { get; set; }

    public TimeSpan? IntegrationLatency { get; set; }

    /// <summary>The response type when the gateway answered itself, such as THROTTLED.</summary>
    public string? Error { get; set; }

    /// <summary>Writes the line's object; durations are milliseconds.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("time"u8, Time.UtcDateTime);
        writer.WriteString("requestId"u8, RequestId);
        writer.WriteString("ip"u8, Ip?.ToString());
        writer.WriteString("stage"u8, Stage);
        writer.WriteString("method"u8, Method);
        writer.WriteString("path"u8, Path);
        if (!string.IsNullOrEmpty(Query)) writer.WriteString("query"u8, QueryRedaction.Redact(Query));
        writer.WriteNumber("status"u8, Status);
        WriteNumber(writer, "responseLength"u8, ResponseLength);
        WriteNumber(writer, "latency"u8, Milliseconds(Latency));
        WriteNumber(writer, "integrationLatency"u8, Milliseconds(IntegrationLatency));
        writer.WriteString("keyId"u8, KeyId);
        if (Error is not null) writer.WriteString("error"u8, Error);
        writer.WriteEndObject();
    }

    private static decimal? Milliseconds(TimeSpan? span) =>
        span is { } value ? decimal.Round((decimal)value.TotalMilliseconds, 3) : null;

    private static void WriteNumber(Utf8JsonWriter writer, ReadOnlySpan<byte> name, decimal? value)
    {
        if (value is { } number) writer.WriteNumber(name, number);
        else writer.WriteNull(name);
    }
}

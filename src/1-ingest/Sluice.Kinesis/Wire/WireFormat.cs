namespace Sluice.Kinesis.Wire;

/// <summary>The formats a request may have; its answer has the same.</summary>
internal enum WireFormat
{
    Json,
    Cbor,
}

/// <summary>Media types of the formats.</summary>
internal static class MediaTypes
{
    public const string Json = "application/x-amz-json-1.1";
    public const string Cbor = "application/x-amz-cbor-1.1";
    public const string EventStream = "application/vnd.amazon.eventstream";

    public static string Of(WireFormat format) => format == WireFormat.Cbor ? Cbor : Json;

    /// <summary>The format of a request by its Content-Type, parameters left aside; null when it is none of ours.</summary>
    public static WireFormat? FormatOf(string? contentType)
    {
        var type = contentType.AsSpan();
        var end = type.IndexOf(';');
        if (end >= 0) type = type[..end];
        type = type.Trim();
        if (type.Equals(Json, StringComparison.OrdinalIgnoreCase) || type.Equals("application/json", StringComparison.OrdinalIgnoreCase)) return WireFormat.Json;
        return type.Equals(Cbor, StringComparison.OrdinalIgnoreCase) ? WireFormat.Cbor : null;
    }
}

namespace Sluice.KafkaRest.Http;

/// <summary>How keys and values are written in a v2 produce request.</summary>
internal enum EmbeddedFormat
{
    None,
    Binary,
    Json,
    Avro,
    JsonSchema,
    Protobuf,
}

/// <summary>Content negotiation of the v2 API: which request types are understood, which response types are wanted.</summary>
internal static class Negotiation
{
    public const string V2 = "application/vnd.kafka.v2+json";
    public const string Json = "application/json";

    private const string Binary = "application/vnd.kafka.binary.v2+json";
    private const string EmbeddedJson = "application/vnd.kafka.json.v2+json";
    private const string Avro = "application/vnd.kafka.avro.v2+json";
    private const string JsonSchema = "application/vnd.kafka.jsonschema.v2+json";
    private const string Protobuf = "application/vnd.kafka.protobuf.v2+json";

    /// <summary>The format a produce request is in; <see cref="EmbeddedFormat.None"/> means 415. No type at all means binary.</summary>
    public static EmbeddedFormat FormatOf(string? contentType)
    {
        if (string.IsNullOrEmpty(contentType)) return EmbeddedFormat.Binary;
        var type = MediaType(contentType);
        if (Same(type, EmbeddedJson)) return EmbeddedFormat.Json;
        if (Same(type, Binary)) return EmbeddedFormat.Binary;
        if (Same(type, Avro)) return EmbeddedFormat.Avro;
        if (Same(type, JsonSchema)) return EmbeddedFormat.JsonSchema;
        return Same(type, Protobuf) ? EmbeddedFormat.Protobuf : EmbeddedFormat.None;
    }

    /// <summary>Whether a request that carries a v2 entity (not records) has the right type.</summary>
    public static bool IsV2Entity(string? contentType) =>
        string.IsNullOrEmpty(contentType) || Same(MediaType(contentType), V2);

    /// <summary>Whether <c>application/vnd.kafka.v2+json</c> is among what the client takes; otherwise 406.</summary>
    public static bool AcceptsV2(string? accept) =>
        string.IsNullOrEmpty(accept) || accept == "*/*" || Names(accept, V2, withWildcards: true);

    /// <summary>The type of an error that comes before an endpoint is chosen: plain JSON unless the client names the v2 type.</summary>
    public static string TypeOfEarlyError(string? accept) =>
        accept is not null && Names(accept, V2, withWildcards: false) ? V2 : Json;

    private static bool Names(string accept, string wanted, bool withWildcards)
    {
        foreach (var range in accept.AsSpan().Split(','))
        {
            var entry = accept.AsSpan(range);
            var type = MediaType(entry);
            var named = Same(type, wanted) || (withWildcards && (type is "*/*" || Same(type, "application/*")));
            if (named && !IsExcluded(entry)) return true;
        }

        return false;
    }

    private static bool IsExcluded(ReadOnlySpan<char> entry)
    {
        foreach (var range in entry.Split(';'))
        {
            var parameter = entry[range].Trim();
            if (!parameter.StartsWith("q=", StringComparison.OrdinalIgnoreCase)) continue;
            return parameter[2..].Trim().Trim("0.").IsEmpty;
        }

        return false;
    }

    private static ReadOnlySpan<char> MediaType(ReadOnlySpan<char> header)
    {
        var end = header.IndexOf(';');
        return (end < 0 ? header : header[..end]).Trim();
    }

    private static bool Same(ReadOnlySpan<char> type, string wanted) =>
        type.Equals(wanted, StringComparison.OrdinalIgnoreCase);
}

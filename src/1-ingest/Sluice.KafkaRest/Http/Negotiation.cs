using System.Globalization;

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

/// <summary>What of a record is shown beside its key and value: <c>timestamps=true</c> and <c>headers=true</c> of the accepted type.</summary>
[Flags]
internal enum RecordExtras
{
    None = 0,
    Timestamps = 1,
    Headers = 2,
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

    /// <summary>Whether a consumer's request, which the official proxy takes in every v2 type, has one of them.</summary>
    public static bool IsConsumerEntity(string? contentType) => IsV2Entity(contentType) || FormatOf(contentType) != EmbeddedFormat.None;

    /// <summary>
    /// The format a read asks for: the wanted type with the highest weight, binary where the client takes anything;
    /// <see cref="EmbeddedFormat.None"/> means 406.
    /// </summary>
    /// <param name="extras">What the type's parameters ask for beside keys and values, which is an addition of this proxy.</param>
    public static EmbeddedFormat FormatOfAnswer(string? accept, out RecordExtras extras)
    {
        extras = RecordExtras.None;
        if (string.IsNullOrEmpty(accept)) return EmbeddedFormat.Binary;
        var best = EmbeddedFormat.None;
        var bestWeight = 0.0;
        foreach (var range in accept.AsSpan().Split(','))
        {
            var entry = accept.AsSpan(range);
            var type = MediaType(entry);
            var format = type is "*/*" || Same(type, "application/*") ? EmbeddedFormat.Binary : FormatOf(type.ToString());
            var weight = WeightOf(entry);
            if (type.IsEmpty || format == EmbeddedFormat.None || weight <= bestWeight) continue;
            (best, bestWeight) = (format, weight);
            extras = (Parameter(entry, "timestamps=") is "true" ? RecordExtras.Timestamps : RecordExtras.None)
                | (Parameter(entry, "headers=") is "true" ? RecordExtras.Headers : RecordExtras.None);
        }

        return best;
    }

    /// <summary>The media type of records in a format.</summary>
    public static string TypeOf(EmbeddedFormat format) => format == EmbeddedFormat.Json ? EmbeddedJson : Binary;

    /// <summary>Whether a v3 client takes JSON.</summary>
    public static bool AcceptsJson(string? accept) =>
        string.IsNullOrEmpty(accept) || accept == "*/*" || Names(accept, Json, withWildcards: true);

    /// <summary>Whether a v3 request is JSON. No type at all is taken for it.</summary>
    public static bool IsJsonEntity(string? contentType) =>
        string.IsNullOrEmpty(contentType) || Same(MediaType(contentType), Json);

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

    private static bool IsExcluded(ReadOnlySpan<char> entry) => WeightOf(entry) == 0;

    private static double WeightOf(ReadOnlySpan<char> entry)
    {
        var text = Parameter(entry, "q=");
        return text.IsEmpty || !double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var weight) ? 1 : weight;
    }

    private static ReadOnlySpan<char> Parameter(ReadOnlySpan<char> entry, string name)
    {
        foreach (var range in entry.Split(';'))
        {
            var parameter = entry[range].Trim();
            if (parameter.StartsWith(name, StringComparison.OrdinalIgnoreCase)) return parameter[name.Length..].Trim();
        }

        return default;
    }

    private static ReadOnlySpan<char> MediaType(ReadOnlySpan<char> header)
    {
        var end = header.IndexOf(';');
        return (end < 0 ? header : header[..end]).Trim();
    }

    private static bool Same(ReadOnlySpan<char> type, string wanted) =>
        type.Equals(wanted, StringComparison.OrdinalIgnoreCase);
}

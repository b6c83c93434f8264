using System.Globalization;
using System.Text.Json;
using Sluice.KafkaRest.Produce;

namespace Sluice.KafkaRest.Http;

/// <summary>Reads the small JSON bodies of requests that are no produce, and fields of them.</summary>
internal static class RequestJson
{
    /// <summary>The object in the body, or a refusal. Undefined stands for an empty body.</summary>
    public static async ValueTask<(JsonElement Body, RestError? Error)> ReadAsync(RestRequest request, params string[] fields)
    {
        var services = request.Services;
        if (request.Http.Request.ContentLength > services.Options.ControlRequestBytesMax) return (default, RestError.TooLarge);
        var state = services.States.Rent();
        try
        {
            if (await RequestBody.ReadAsync(request, state) is { } refused) return (default, refused);
            if (state.Body.Length > services.Options.ControlRequestBytesMax) return (default, RestError.TooLarge);
            return Parse(state.Body, services.Options.JsonDepthMax, fields);
        }
        finally
        {
            services.States.GiveBack(state);
        }
    }

    /// <summary>A field that is there and not null.</summary>
    public static bool TryGet(JsonElement parent, string name, out JsonElement value)
    {
        value = default;
        return parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
    }

    /// <summary>A string field, or the text of a number or boolean; null when it is absent or null.</summary>
    public static string? Text(JsonElement parent, string name)
    {
        if (!TryGet(parent, name, out var value)) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
    }

    /// <summary>A whole number, as a number or as text; null when it is absent or is none.</summary>
    public static long? Number(JsonElement parent, string name) =>
        long.TryParse(Text(parent, name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>The refusal of a field that is not among the known ones.</summary>
    public static RestError? Unknown(JsonElement parent, params ReadOnlySpan<string> known)
    {
        if (parent.ValueKind != JsonValueKind.Object) return RestError.BadRequest("Malformed JSON: an object is expected.");
        foreach (var field in parent.EnumerateObject())
        {
            if (!known.Contains(field.Name)) return RestError.UnrecognizedField(field.Name);
        }

        return null;
    }

    private static (JsonElement Body, RestError? Error) Parse(ReadOnlySpan<byte> bytes, int depthMax, string[] fields)
    {
        if (bytes.Trim(" \t\r\n"u8).IsEmpty) return default;
        try
        {
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = depthMax });
            var body = JsonElement.ParseValue(ref reader);
            if (reader.Read()) return (default, RestError.BadRequest("Malformed JSON: the body goes on after its object."));
            if (body.ValueKind == JsonValueKind.Null) return default;
            return (body, Unknown(body, fields));
        }
        catch (JsonException malformed)
        {
            return (default, RestError.BadRequest("Malformed JSON: " + malformed.Message));
        }
        catch (InvalidOperationException)
        {
            // The reader's answer to half of a surrogate pair in an escaped name.
            return (default, RestError.BadRequest("Malformed JSON: a string holds an unpaired surrogate escape."));
        }
    }
}

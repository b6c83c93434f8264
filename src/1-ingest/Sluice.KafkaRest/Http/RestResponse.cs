using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sluice.KafkaRest.Http;

/// <summary>Writes whole responses: status, type, length and bytes go out in one write.</summary>
internal static class RestResponse
{
    /// <summary>Text is escaped as JSON requires and no further, as the official proxy does.</summary>
    public static readonly JsonWriterOptions JsonOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    public static void Write(HttpContext http, int status, string contentType, ReadOnlySpan<byte> body)
    {
        var response = http.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method)) response.BodyWriter.Write(body);
    }

    /// <summary>Answers 200 with the JSON that <paramref name="write"/> makes of <paramref name="subject"/>.</summary>
    public static void WriteJson<T>(HttpContext http, T subject, Action<Utf8JsonWriter, T> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, JsonOptions)) write(writer, subject);
        Write(http, StatusCodes.Status200OK, Negotiation.V2, buffer.WrittenSpan);
    }

    public static void WriteNoContent(HttpContext http) => http.Response.StatusCode = StatusCodes.Status204NoContent;

    public static void WriteError(HttpContext http, RestError error, string contentType = Negotiation.V2)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, JsonOptions))
        {
            writer.WriteStartObject();
            writer.WriteNumber("error_code"u8, error.Code);
            writer.WriteString("message"u8, error.Message);
            writer.WriteEndObject();
        }

        Write(http, error.Status, contentType, buffer.WrittenSpan);
    }

    public static void WriteEarlyError(HttpContext http, RestError error) =>
        WriteError(http, error, Negotiation.TypeOfEarlyError(http.Request.Headers.Accept));
}

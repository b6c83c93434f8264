using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sluice.Gateway;

/// <summary>
/// An answer that the gateway gives itself, with the status, body and <c>x-amzn-ErrorType</c> of API Gateway
/// (https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html).
/// </summary>
internal sealed class GatewayResponse
{
    public static readonly GatewayResponse MissingAuthenticationToken = new(
        403, "MISSING_AUTHENTICATION_TOKEN", "MissingAuthenticationTokenException", """{"message":"Missing Authentication Token"}""");

    public static readonly GatewayResponse InvalidApiKey = new(
        403, "INVALID_API_KEY", "ForbiddenException", """{"message":"Forbidden"}""");

    public static readonly GatewayResponse RequestTooLarge = new(
        413, "REQUEST_TOO_LARGE", "RequestTooLargeException", """{"message":"Request Too Long"}""");

    public static readonly GatewayResponse UnsupportedMediaType = new(
        415, "UNSUPPORTED_MEDIA_TYPE", "BadRequestException", """{"message": "Unsupported Media Type"}""");

    public static readonly GatewayResponse Throttled = new(
        429, "THROTTLED", "TooManyRequestsException", """{"message":"Too Many Requests"}""");

    public static readonly GatewayResponse InternalError = new(
        500, "DEFAULT_5XX", "InternalServerErrorException", """{"message": "Internal server error"}""");

    public static readonly GatewayResponse ServiceUnavailable = new(
        503, "DEFAULT_5XX", "ServiceUnavailableException", """{"message": "Service Unavailable"}""");

    public static readonly GatewayResponse BadUpstream = new(
        502, "INTEGRATION_FAILURE", "InternalServerErrorException", """{"message": "Internal server error"}""");

    public static readonly GatewayResponse IntegrationFailure = new(
        504, "INTEGRATION_FAILURE", "InternalServerErrorException", """{"message": "Network error communicating with endpoint"}""");

    public static readonly GatewayResponse IntegrationTimeout = new(
        504, "INTEGRATION_TIMEOUT", "InternalServerErrorException", """{"message": "Endpoint request timed out"}""");

    private readonly byte[] _body;
    private readonly string _errorType;

    private GatewayResponse(int status, string type, string errorType, string body)
    {
        Status = status;
        Type = type;
        _errorType = errorType;
        _body = Encoding.UTF8.GetBytes(body);
    }

    /// <summary>A body that a mapping template cannot read.</summary>
    /// <param name="reason">Where and why it is not JSON.</param>
    public static GatewayResponse UnparsableBody(string reason) => new(
        400,
        "BAD_REQUEST_BODY",
        "BadRequestException",
        $$"""{"message": "Could not parse request body into json: {{JsonEncodedText.Encode(reason, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}}"}""");

    public int Status { get; }

    /// <summary>The name of the response type, as the access log shows it.</summary>
    public string Type { get; }

    /// <summary>Writes the response; a response that has begun cannot be taken back, so its connection is cut.</summary>
    public void Write(HttpContext http)
    {
        var response = http.Response;
        if (response.HasStarted)
        {
            http.Abort();
            return;
        }

        response.StatusCode = Status;
        response.ContentType = "application/json";
        response.ContentLength = _body.Length;
        response.Headers["x-amzn-ErrorType"] = _errorType;
        if (!HttpMethods.IsHead(http.Request.Method)) System.Buffers.BuffersExtensions.Write(response.BodyWriter, _body);
    }
}

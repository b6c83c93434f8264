using System.Globalization;
using Sluice.Gateway.Config;

namespace Sluice.Gateway;

/// <summary>The headers that browsers look for, as API Gateway's OPTIONS + MOCK integration sends them.</summary>
internal static class Cors
{
    public static bool IsPreflight(HttpContext http) =>
        HttpMethods.IsOptions(http.Request.Method) && http.Request.Headers.ContainsKey("Access-Control-Request-Method");

    public static void AddHeaders(HttpContext http, CorsConfig cors)
    {
        http.Response.Headers.AccessControlAllowOrigin = cors.AllowOrigin;
        if (cors.AllowOrigin != "*") http.Response.Headers.Vary = "Origin";
    }

    public static void AnswerPreflight(HttpContext http, CorsConfig cors)
    {
        var headers = http.Response.Headers;
        headers.AccessControlAllowMethods = cors.AllowMethods;
        headers.AccessControlAllowHeaders = cors.AllowHeaders;
        if (cors.MaxAgeSeconds > 0) headers.AccessControlMaxAge = cors.MaxAgeSeconds.ToString(CultureInfo.InvariantCulture);
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = 0;
    }
}

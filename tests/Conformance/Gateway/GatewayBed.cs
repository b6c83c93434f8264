using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Gateway;
using Sluice.Gateway.Config;
using Sluice.Testing;

namespace Sluice.Conformance.Gateway;

/// <summary>A gateway whose services are delegates of the test's; by default <c>kafka-rest</c> echoes what it was called with.</summary>
public sealed class GatewayBed : IAsyncDisposable
{
    private readonly MemoryStream _accessLog = new();
    private readonly ApiGateway _gateway;

    private GatewayBed(ApiGateway gateway, LoopbackServer server, MemoryStream accessLog)
    {
        _gateway = gateway;
        Server = server;
        _accessLog = accessLog;
    }

    public LoopbackServer Server { get; }

    public HttpClient Client => Server.Client;

    public static async Task<GatewayBed> StartAsync(
        GatewayConfig? config = null,
        RequestDelegate? service = null,
        TimeProvider? time = null,
        Action<KestrelServerLimits>? limits = null,
        RequestDelegate? kinesis = null)
    {
        var services = new Dictionary<string, RequestDelegate> { ["kafka-rest"] = service ?? EchoAsync };
        if (kinesis is not null) services["kinesis"] = kinesis;
        var model = GatewayModel.Create(config ?? new GatewayConfig(), services.Keys, out var faults);
        model.ShouldNotBeNull(string.Join("\n", faults));
        var accessLog = new MemoryStream();
        var gateway = new ApiGateway(
            new GatewayOptions { Model = model, AccessLog = accessLog }, services, time ?? TimeProvider.System, NullLogger.Instance);
        return new GatewayBed(gateway, await LoopbackServer.StartAsync(gateway.InvokeAsync, limits), accessLog);
    }

    /// <summary>Stops the gateway and reads its access log.</summary>
    public async Task<IReadOnlyList<JsonElement>> StopAndReadLogAsync()
    {
        await DisposeAsync();
        return [.. AccessLogText().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];
    }

    public string AccessLogText() => Encoding.UTF8.GetString(_accessLog.ToArray());

    public async Task<(int Status, string Body, string? ErrorType)> SendAsync(
        HttpMethod method, string path, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(), Header(response, "x-amzn-ErrorType"));
    }

    public static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.Single() : null;

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await _gateway.DisposeAsync();
    }

    private static async Task EchoAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var body = await reader.ReadToEndAsync();
        var text = $"{http.Request.Method} {http.Request.PathBase}|{http.Request.Path}|{http.Request.QueryString} {body.Length}";
        http.Response.ContentLength = text.Length;
        await http.Response.WriteAsync(text);
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Bytes;
using Sluice.Kinesis;
using Sluice.Kinesis.Listening;
using Sluice.Log;
using Sluice.Testing;

namespace Sluice.Conformance.Kinesis;

/// <summary>The Kinesis endpoint over a log in a private folder, on one loopback port in HTTP/1.1 and HTTP/2.</summary>
public sealed class KinesisBed : IAsyncDisposable
{
    public const string Json = "application/x-amz-json-1.1";

    private readonly TemporaryFolder _folder;
    private readonly EmbeddedLog _log;
    private readonly WebApplication _app;

    private KinesisBed(TemporaryFolder folder, EmbeddedLog log, WebApplication app)
    {
        _folder = folder;
        _log = log;
        _app = app;
        Address = new Uri(app.Urls.First());
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = Address };
    }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public static async Task<KinesisBed> StartAsync(KinesisOptions? options = null, TimeProvider? time = null)
    {
        var folder = new TemporaryFolder();
        var clock = time ?? TimeProvider.System;
        var log = EmbeddedLog.Open(
            new EmbeddedLogOptions { Directory = folder.Path }, OsFileSystem.Instance, TimeProvider.System, NullLogger.Instance);
        var service = new KinesisService(log, options ?? new KinesisOptions(), clock, NullLogger.Instance);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseHttp2WithoutTls().ConfigureKestrel(kestrel => kestrel.ListenInBothVersions(IPAddress.Loopback, 0, TimeProvider.System));
        var app = builder.Build();
        app.Run(service.InvokeAsync);
        await app.StartAsync();
        return new KinesisBed(folder, log, app);
    }

    /// <summary>Does an action with a JSON body that must succeed.</summary>
    public async Task<JsonElement> DoAsync(string action, object body)
    {
        var answer = await SendAsync(action, JsonSerializer.SerializeToUtf8Bytes(body));
        answer.Status.ShouldBe(200, $"{action}: {answer.Body}");
        return answer.Body.Length == 0 ? default : JsonDocument.Parse(answer.Body).RootElement;
    }

    /// <summary>Sends bytes as an action's request; the action's name may be anything, null leaves the header away.</summary>
    public async Task<KinesisAnswer> SendAsync(string? action, byte[] body, string? contentType = Json, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Address) { Content = new ByteArrayContent(body) };
        if (contentType is not null) request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        if (action is not null) request.Headers.TryAddWithoutValidation("X-Amz-Target", "Kinesis_20131202." + action);
        change?.Invoke(request);
        using var response = await Client.SendAsync(request);
        return new KinesisAnswer(
            (int)response.StatusCode,
            Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync()),
            response.Headers.Contains("x-amzn-RequestId"));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        using var hurry = new CancellationTokenSource(TimeSpan.FromSeconds(1), TimeProvider.System);
        await _app.StopAsync(hurry.Token);
        await _app.DisposeAsync();
        await _log.DisposeAsync();
        _folder.Dispose();
    }
}

/// <summary>What came back.</summary>
public sealed record KinesisAnswer(int Status, string Body, bool HasRequestId)
{
    /// <summary>The error's name without what stands before a hash.</summary>
    public string Error => JsonDocument.Parse(Body).RootElement.GetProperty("__type").GetString()!.Split('#')[^1];

    public string Message =>
        JsonDocument.Parse(Body).RootElement.TryGetProperty("message", out var message) ? message.GetString()! : "";
}

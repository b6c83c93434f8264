using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.KafkaRest;
using Sluice.Testing;

namespace Sluice.Conformance.KafkaRest;

/// <summary>A proxy over a log in memory, with the topics <c>one</c> (1 partition) and <c>three</c> (3).</summary>
public sealed class ProxyBed : IAsyncDisposable
{
    public const string Json = "application/vnd.kafka.json.v2+json";
    public const string Binary = "application/vnd.kafka.binary.v2+json";
    public const string V2 = "application/vnd.kafka.v2+json";

    private ProxyBed(InMemoryLog log, LoopbackServer server)
    {
        Log = log;
        Server = server;
    }

    public InMemoryLog Log { get; }

    public LoopbackServer Server { get; }

    public static async Task<ProxyBed> StartAsync(KafkaRestOptions? options = null, TimeProvider? time = null, InMemoryLog? log = null)
    {
        if (log is null)
        {
            log = new InMemoryLog();
            log.AddTopic("one");
            log.AddTopic("three", 3);
        }

        var proxy = new KafkaRestProxy(log, log, options ?? new KafkaRestOptions(), time ?? TimeProvider.System, NullLogger.Instance);
        return new ProxyBed(log, await LoopbackServer.StartAsync(proxy.InvokeAsync));
    }

    public Task<Answer> PostAsync(string path, string body, string? contentType = Json, string? accept = null) =>
        SendAsync(HttpMethod.Post, path, Encoding.UTF8.GetBytes(body), contentType, accept);

    public Task<Answer> GetAsync(string path, string? accept = null) => SendAsync(HttpMethod.Get, path, null, null, accept);

    public async Task<Answer> SendAsync(HttpMethod method, string path, byte[]? body, string? contentType, string? accept = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            if (contentType is not null) request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await Server.Client.SendAsync(request);
        return new Answer(
            (int)response.StatusCode,
            response.Content.Headers.ContentType?.ToString(),
            await response.Content.ReadAsStringAsync(),
            response.Content.Headers.TryGetValues("Allow", out var allow) ? string.Join(",", allow) : null);
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>What came back.</summary>
public sealed record Answer(int Status, string? ContentType, string Body, string? Allow);

using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Bytes;
using Sluice.KafkaRest;
using Sluice.KafkaWire;
using Sluice.Log;
using Sluice.Testing;

namespace Sluice.Conformance.KafkaRest;

/// <summary>A proxy and a broker over one log on disk, with the topics <c>one</c> (1 partition) and <c>three</c> (3).</summary>
public sealed class ClusterBed : IAsyncDisposable
{
    public const string Type = "application/json";

    private readonly TemporaryFolder _folder;
    private readonly LoopbackServer _server;

    private ClusterBed(TemporaryFolder folder, EmbeddedLog log, KafkaBroker broker, LoopbackServer server)
    {
        (_folder, Log, Broker, _server) = (folder, log, broker, server);
    }

    public EmbeddedLog Log { get; }

    public KafkaBroker Broker { get; }

    public string BootstrapServers => $"127.0.0.1:{Broker.Port}";

    /// <summary>The path of the cluster.</summary>
    public string Cluster => "/v3/clusters/" + Log.ClusterId;

    public static async Task<ClusterBed> StartAsync()
    {
        var folder = new TemporaryFolder();
        var log = EmbeddedLog.Open(
            new EmbeddedLogOptions { Directory = folder.At("log"), Durability = Durability.None }, OsFileSystem.Instance, TimeProvider.System, NullLogger.Instance);
        await log.CreateTopicAsync(new TopicSpec("one", 1, new Dictionary<string, string>()), default);
        await log.CreateTopicAsync(new TopicSpec("three", 3, new Dictionary<string, string> { ["retention.ms"] = "1000" }), default);
        var broker = new KafkaBroker(log, new KafkaOptions { Port = 0 }, TimeProvider.System, NullLogger.Instance);
        await broker.StartAsync(default);
        var proxy = new KafkaRestProxy(log, log, new KafkaRestOptions(), TimeProvider.System, NullLogger.Instance);
        return new ClusterBed(folder, log, broker, await LoopbackServer.StartAsync(proxy.InvokeAsync));
    }

    /// <summary>Sends a request, to a path below the cluster unless it begins with one of v2.</summary>
    public async Task<(int Status, string Body)> SendAsync(string method, string path, string? body = null, string type = Type, string? accept = null)
    {
        var isV2 = path.StartsWith("/v2", StringComparison.Ordinal);
        using var request = new HttpRequestMessage(new HttpMethod(method), isV2 ? path[3..] : Cluster + path);
        if (body is not null) request.Content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue(type));
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await _server.Client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        var (status, body) = await SendAsync("GET", path);
        status.ShouldBe(200, body);
        return JsonElement.Parse(body);
    }

    /// <summary>Makes the v2 instance <c>m</c> of group <c>g</c>, which read the first of three records of <c>one</c> and committed that.</summary>
    public async Task ReadOneOfThreeAsync()
    {
        const string V2 = "application/vnd.kafka.v2+json";
        const string Json = "application/vnd.kafka.json.v2+json";
        (await SendAsync("POST", "/v2/topics/one", """{"records":[{"value":1},{"value":2},{"value":3}]}""", Json)).Status.ShouldBe(200);
        (await SendAsync("POST", "/v2/consumers/g", """{"name":"m","format":"json","auto.offset.reset":"earliest"}""", V2)).Status.ShouldBe(200);
        (await SendAsync("POST", "/v2/consumers/g/instances/m/subscription", """{"topics":["one"]}""", V2)).Status.ShouldBe(204);
        (await SendAsync("POST", "/v2/consumers/g/instances/m/offsets", """{"offsets":[{"topic":"one","partition":0,"offset":0}]}""", V2)).Status.ShouldBe(200);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await Broker.DisposeAsync();
        await Log.DisposeAsync();
        _folder.Dispose();
    }
}

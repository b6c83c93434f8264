using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sluice.Gateway;
using Sluice.Gateway.Config;
using Sluice.KafkaRest;
using Sluice.KafkaWire;
using Sluice.Kinesis;

namespace Sluice.Console.Node;

/// <summary>The ports of a node: the gateway, behind it, each on a port of its own, the REST proxy and Kinesis; and the Kafka broker.</summary>
internal sealed class IngestServers : IAsyncDisposable
{
    private readonly ApiGateway _gateway;
    private readonly KinesisService _kinesis;
    private readonly FileStream _accessLog;
    private readonly List<HttpServer> _servers = [];
    private KafkaBroker? _broker;

    private IngestServers(ApiGateway gateway, KinesisService kinesis, FileStream accessLog)
    {
        _gateway = gateway;
        _kinesis = kinesis;
        _accessLog = accessLog;
    }

    public Uri Gateway { get; private set; } = null!;

    public Uri KafkaRest { get; private set; } = null!;

    public Uri Kinesis { get; private set; } = null!;

    /// <summary>What clients write as <c>bootstrap.servers</c>.</summary>
    public string Kafka { get; private set; } = "";

    /// <param name="ports">0 picks a free one.</param>
    /// <exception cref="UserException">A port is taken, or the gateway's configuration has faults.</exception>
    public static async Task<IngestServers> StartAsync(SluiceNode node, Settings.PortSettings ports, CancellationToken cancel)
    {
        var model = Model(node.Settings.Gateway);
        var rest = new KafkaRestProxy(
            node.Topics, node.TopicsAdmin, node.Settings.KafkaRest.Options(), node.Time, node.Logging.CreateLogger<KafkaRestProxy>());
        var kinesis = new KinesisService(node.Log, node.Settings.Kinesis.Options(), node.Time, node.Logging.CreateLogger<KinesisService>());
        var services = new Dictionary<string, RequestDelegate>
        {
            [DefaultRoutes.KafkaService] = rest.InvokeAsync, [DefaultRoutes.KinesisService] = kinesis.InvokeTrustedAsync,
        };
        var accessLog = new FileStream(
            Path.Combine(node.Directory.Path, "access.log"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        var gateway = new ApiGateway(
            new GatewayOptions { Model = model, AccessLog = accessLog }, services, node.Time, node.Logging.CreateLogger<ApiGateway>());
        var servers = new IngestServers(gateway, kinesis, accessLog);
        try
        {
            servers.Gateway = await servers.ServeAsync("gateway", ports.Gateway, gateway.InvokeAsync, cancel);
            servers.KafkaRest = await servers.ServeAsync("kafka-rest", ports.KafkaRest, rest.InvokeAsync, cancel);
            servers.Kinesis = await servers.ServeAsync("kinesis", ports.Kinesis, kinesis.InvokeAsync, cancel);
            // A broker here would show a log that the topics are not in.
            servers.Kafka = node.Settings.Log.Kafka.BootstrapServers ?? await servers.BrokerAsync(node, ports.Kafka, cancel);
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    public static IEnumerable<string> FaultsOf(GatewayConfig config)
    {
        Model(config, out var faults);
        return faults;
    }

    /// <exception cref="UserException">All faults.</exception>
    private static GatewayModel Model(GatewayConfig config)
    {
        var model = Model(config, out var faults);
        UserException.ThrowIfAny(faults);
        return model!;
    }

    private static GatewayModel? Model(GatewayConfig config, out IEnumerable<string> faults)
    {
        var model = GatewayModel.Create(config, [DefaultRoutes.KafkaService, DefaultRoutes.KinesisService], out var found);
        faults = found.Select(fault => $"gateway: {fault}");
        return model;
    }

    public async ValueTask DisposeAsync()
    {
        // Who drains disposes before the end of its scope does it again.
        if (Interlocked.Exchange(ref _broker, null) is { } broker) await broker.DisposeAsync();
        // A subscription lasts minutes, and a server waits for its requests.
        _kinesis.EndSubscriptions();
        // Side by side: each may wait for its last requests as long as the host allows.
        await Task.WhenAll(_servers.Select(server => server.DisposeAsync().AsTask()));
        await _gateway.DisposeAsync();
        await _accessLog.DisposeAsync();
    }

    private async Task<string> BrokerAsync(SluiceNode node, int port, CancellationToken cancel)
    {
        _broker = new KafkaBroker(node.Log, node.Settings.Kafka.Options(port), node.Time, node.Logging.CreateLogger<KafkaBroker>());
        try
        {
            await _broker.StartAsync(cancel);
        }
        catch (IOException taken)
        {
            throw HttpServer.Taken("kafka", port, taken);
        }

        return string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_broker.Port}");
    }

    private async Task<Uri> ServeAsync(string name, int port, RequestDelegate handler, CancellationToken cancel)
    {
        // Each bounds the body itself, so that a refusal is an answer and not a broken connection.
        var server = await HttpServer.StartAsync(name, port, handler, bodyBytesMax: null, cancel);
        _servers.Add(server);
        return new Uri($"http://127.0.0.1:{server.Port}");
    }
}

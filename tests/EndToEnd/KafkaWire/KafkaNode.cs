using System.Net;
using System.Net.Sockets;
using Sluice.Testing;

namespace Sluice.EndToEnd.KafkaWire;

/// <summary>The service with its Kafka port on one number over all its lives, so that clients find it again.</summary>
internal sealed class KafkaNode : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly int _port = FreePort();
    private SluiceProcess? _process;

    public string Bootstrap => $"127.0.0.1:{_port}";

    public async Task StartAsync()
    {
        _process = SluiceProcess.Start(["up", "--data", _folder.At("data")], new Dictionary<string, string> { ["SLUICE_PORTS__KAFKA"] = $"{_port}" });
        await _process.LineAsync("^ready");
    }

    public async Task KillAsync()
    {
        await _process!.KillAsync();
        await _process.DisposeAsync();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        _folder.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Sluice.Testing;

namespace Sluice.EndToEnd.Console;

/// <summary>A data directory of a test and the service on it, started, killed and asked as a user does.</summary>
internal sealed class Station : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sluice-e2e-");
    private readonly Dictionary<string, string> _environment;
    private readonly string[] _config = [];
    private SluiceProcess? _service;

    /// <param name="config">The text of the service's sluice.yaml; none without it.</param>
    public Station(string? config = null)
    {
        Port = FreePort();
        _environment = new() { ["SLUICE_PORTS__GATEWAY"] = $"{Port}" };
        if (config is null) return;
        var file = Path.Combine(_directory.FullName, "sluice.yaml");
        File.WriteAllText(file, config);
        _config = ["--config", file];
    }

    /// <summary>The gateway's port: the same over restarts, so that a client finds it again.</summary>
    public int Port { get; }

    public string Data => Path.Combine(_directory.FullName, "data");

    public string Gateway => $"http://127.0.0.1:{Port}";

    /// <summary>The address of Kinesis since the last start.</summary>
    public Uri Kinesis { get; private set; } = new("http://127.0.0.1");

    /// <summary>The bootstrap servers of the topics since the last start.</summary>
    public string Kafka { get; private set; } = "";

    /// <summary>The arguments that name the configuration, for commands that are run without the service.</summary>
    public string[] Config => _config;

    public async Task StartAsync()
    {
        _service = SluiceProcess.Start(["up", "--data", Data, .. _config], _environment);
        await _service.LineAsync("^ready");
        Kafka = (await _service.LineAsync("^kafka +(\\S+)$")).Groups[1].Value;
        Kinesis = new Uri((await _service.LineAsync("^kinesis +(http.*)$")).Groups[1].Value);
    }

    public async Task KillAsync()
    {
        await _service!.KillAsync();
        await _service.DisposeAsync();
        _service = null;
    }

    public async Task<int> StopAsync()
    {
        var exitCode = await _service!.StopAsync();
        await _service.DisposeAsync();
        _service = null;
        return exitCode;
    }

    /// <summary>Starts a command on the data directory, beside the service or instead of it.</summary>
    public SluiceProcess Begin(params string[] args) => SluiceProcess.Start([.. args, "--data", Data], _environment);

    /// <summary>Runs a command on the data directory to its end, which must be exit code 0; gives what it printed.</summary>
    public async Task<string> RunAsync(params string[] args)
    {
        var result = await SluiceProcess.RunAsync([.. args, "--data", Data], _environment);
        result.ExitCode.ShouldBe(0, $"sluice {string.Join(' ', args)}\n{result.Output}\n{result.Error}");
        return result.Output;
    }

    /// <summary>The rows of a query, as the console prints them in CSV.</summary>
    public Task<string> QueryAsync(string sql) => RunAsync("query", sql, "--csv");

    public async Task<JsonElement> LedgerAsync() => JsonDocument.Parse(await RunAsync("ledger", "--json")).RootElement;

    public async ValueTask DisposeAsync()
    {
        if (_service is not null) await _service.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}

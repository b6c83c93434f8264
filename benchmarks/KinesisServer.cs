using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Bytes;
using Sluice.Console.Node;
using Sluice.Kinesis;
using Sluice.Log;

namespace Sluice.Bench;

/// <summary>A Kinesis in a process of its own: ours over a durable log, or one from npm in memory.</summary>
internal sealed class KinesisServer : IDisposable
{
    private const string Packages = "tests/Conformance/Kinesis/node/node_modules";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;

    private KinesisServer(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>The most memory the process ever had, in bytes.</summary>
    public long PeakMemory
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    /// <summary>Serves from a directory, on the server that <c>sluice up</c> has: prints the address, then runs until its standard input ends.</summary>
    public static async Task<int> RunAsync(string directory)
    {
        await using var log = EmbeddedLog.Open(
            new EmbeddedLogOptions { Directory = directory }, OsFileSystem.Instance, TimeProvider.System, NullLogger.Instance);
        var service = new KinesisService(log, new KinesisOptions(), TimeProvider.System, NullLogger.Instance);
        await using var server = await HttpServer.StartAsync("kinesis", port: 0, service.InvokeAsync, bodyBytesMax: null, CancellationToken.None);
        System.Console.WriteLine($"http://127.0.0.1:{server.Port}");
        await System.Console.In.ReadToEndAsync();
        return 0;
    }

    public static async Task<KinesisServer> StartOursAsync(string directory, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["serve-kinesis", directory]) { RedirectStandardOutput = true, RedirectStandardInput = true };
        var process = Start(start);
        var address = await process.StandardOutput.ReadLineAsync(cancel) ?? throw new InvalidOperationException("Our Kinesis ended without printing its address.");
        return new KinesisServer(process, new Uri(address));
    }

    /// <summary>Null where the package is not installed.</summary>
    public static async Task<KinesisServer?> TryStartTheirsAsync(string package, CancellationToken cancel)
    {
        var home = Path.Combine(RepositoryRoot(), Packages, package);
        if (!Directory.Exists(home))
        {
            await System.Console.Error.WriteLineAsync($"Without {package}: run 'npm ci' in {Path.GetDirectoryName(Packages)}.");
            return null;
        }

        var port = FreePort();
        string[] kinesalite = ["cli.js", "--port", Text(port), "--createStreamMs", "0", "--shardLimit", "1000"];
        var start = new ProcessStartInfo("node", package == "kinesalite" ? kinesalite : ["main.js"])
        {
            WorkingDirectory = home, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["KINESIS_MOCK_PLAIN_PORT"] = Text(port);
        start.Environment["KINESIS_MOCK_TLS_PORT"] = Text(FreePort());
        start.Environment["CREATE_STREAM_DURATION"] = "1ms";
        start.Environment["SHARD_LIMIT"] = "1000";
        start.Environment["LOG_LEVEL"] = "ERROR";
        var process = Start(start);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await ListeningAsync(process, port, cancel);
        return new KinesisServer(process, new Uri($"http://127.0.0.1:{Text(port)}/"));
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static Process Start(ProcessStartInfo start) => Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start.");

    private static async Task ListeningAsync(Process process, int port, CancellationToken cancel)
    {
        var started = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port, cancel);
                return;
            }
            catch (SocketException) when (started.Elapsed < s_patience && !process.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, cancel);
            }
        }
    }

    private static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Sluice.slnx")))
            directory = directory.Parent ?? throw new InvalidOperationException("The benchmarks run outside a checkout.");
        return directory.FullName;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sluice.Testing;

/// <summary>kinesalite or kinesis-local from npm, in memory, on a free loopback port: a Kinesis that others wrote.</summary>
public sealed class NodeKinesis : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;

    private NodeKinesis(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>Starts the package; skips the running test, by name, where node or the package is absent.</summary>
    public static async Task<NodeKinesis> StartOrSkipAsync(string package)
    {
        var home = Path.Combine(Repository.Root, "tests/Conformance/Kinesis/node/node_modules", package);
        Assert.SkipUnless(Directory.Exists(home), $"needs the npm package {package}: run 'npm ci' in tests/Conformance/Kinesis/node");
        var port = FreePort();
        var start = new ProcessStartInfo("node") { WorkingDirectory = home, RedirectStandardOutput = true };
        string[] arguments = package == "kinesalite"
            ? ["cli.js", "--port", Text(port), "--createStreamMs", "0", "--deleteStreamMs", "0", "--updateStreamMs", "0"]
            : ["main.js"];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["KINESIS_MOCK_PLAIN_PORT"] = Text(port);
        start.Environment["KINESIS_MOCK_TLS_PORT"] = Text(FreePort());
        foreach (var change in new[] { "CREATE_STREAM", "DELETE_STREAM", "SPLIT_SHARD", "MERGE_SHARDS", "UPDATE_SHARD_COUNT" }) start.Environment[change + "_DURATION"] = "1ms";
        var process = Process.Start(start) ?? throw new InvalidOperationException("node did not start.");
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        var kinesis = new NodeKinesis(process, new Uri($"http://127.0.0.1:{Text(port)}/"));
        await kinesis.ListeningAsync(port);
        return kinesis;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>These servers do not tell when they listen, so the port is tried.</summary>
    private async Task ListeningAsync(int port)
    {
        var started = Stopwatch.StartNew();
        using var retry = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port);
                return;
            }
            catch (SocketException) when (started.Elapsed < s_patience && !_process.HasExited)
            {
                await retry.WaitForNextTickAsync();
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

using System.Diagnostics;

namespace Sluice.Bench;

/// <summary>A process of the command line that serves until it is disposed, on free ports.</summary>
internal sealed class SluiceServer : IDisposable, IAsyncDisposable
{
    private readonly Process _process;

    private SluiceServer(Process process) => _process = process;

    /// <summary>Starts the built <c>sluice</c>.</summary>
    public static SluiceServer Start(string[] args) => Start(Path.Combine(AppContext.BaseDirectory, "sluice"), args);

    public static SluiceServer Start(string program, string[] args)
    {
        var start = new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardInput = true };
        foreach (var port in new[] { "GATEWAY", "KAFKA_REST", "KAFKA", "KINESIS" }) start.Environment[$"SLUICE_PORTS__{port}"] = "0";
        return new SluiceServer(Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start."));
    }

    /// <summary>Reads on until the line that tells the address of one of its servers.</summary>
    public async Task<string> AddressAsync(string name, CancellationToken cancel)
    {
        while (await _process.StandardOutput.ReadLineAsync(cancel) is { } line)
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 1 && words[0] == name) return words[^1];
        }

        throw new InvalidOperationException($"{_process.StartInfo.FileName} ended without printing the address of its {name}.");
    }

    public double PeakMegabytes()
    {
        _process.Refresh();
        return _process.PeakWorkingSet64 / 1e6;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    public void Dispose() => _process.Dispose();
}

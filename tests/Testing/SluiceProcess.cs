using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Sluice.Testing;

/// <summary>The built command line as a process of its own: what a user starts, killed and stopped as users and power cuts do.</summary>
public sealed class SluiceProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly List<(Regex Pattern, TaskCompletionSource<Match> Seen)> _awaited = [];
    private readonly Lock _gate = new();

    private SluiceProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Receive(line.Data);
        process.ErrorDataReceived += (_, line) => Receive(line.Data);
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => FailAwaited();
    }

    /// <summary>Everything printed so far, both streams, for messages of failed assertions.</summary>
    public string Printed => string.Join('\n', _lines);

    public int Id => _process.Id;

    /// <summary>Starts the command with these arguments, port settings all 0 unless the environment says otherwise.</summary>
    public static SluiceProcess Start(string[] args, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = Info(args, environment);
        start.RedirectStandardInput = true;
        var sluice = new SluiceProcess(new Process { StartInfo = start });
        sluice._process.Start();
        sluice._process.BeginOutputReadLine();
        sluice._process.BeginErrorReadLine();
        sluice._process.StandardInput.Close();
        return sluice;
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<SluiceResult> RunAsync(
        string[] args, IReadOnlyDictionary<string, string>? environment = null, CancellationToken cancel = default)
    {
        using var process = Process.Start(Info(args, environment))!;
        var output = process.StandardOutput.ReadToEndAsync(cancel);
        var error = process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return new SluiceResult(process.ExitCode, await output, await error);
    }

    /// <summary>The first printed line, past or future, that matches; fails when the process ends without it.</summary>
    public Task<Match> LineAsync(string pattern)
    {
        var regex = new Regex(pattern);
        lock (_gate)
        {
            if (_lines.Select(line => regex.Match(line)).FirstOrDefault(m => m.Success) is { } match) return Task.FromResult(match);
            var seen = new TaskCompletionSource<Match>(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((regex, seen));
            if (_process.HasExited) FailAwaited();
            return seen.Task;
        }
    }

    /// <summary><c>kill -9</c>, and the end of the process awaited.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM as a service manager sends it; gives the exit code.</summary>
    public async Task<int> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
    }

    private static ProcessStartInfo Info(string[] args, IReadOnlyDictionary<string, string>? environment)
    {
        var exe = Path.Combine(Repository.Root, "src/9-console/Sluice/bin/Release/net10.0/sluice");
        var start = new ProcessStartInfo(exe, args) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var port in new[] { "GATEWAY", "KAFKA_REST" }) start.Environment[$"SLUICE_PORTS__{port}"] = "0";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        return start;
    }

    private void Receive(string? line)
    {
        if (line is null) return;
        lock (_gate)
        {
            _lines.Enqueue(line);
            foreach (var waiter in _awaited.ToArray())
            {
                if (waiter.Pattern.Match(line) is not { Success: true } match) continue;
                waiter.Seen.TrySetResult(match);
                _awaited.Remove(waiter);
            }
        }
    }

    private void FailAwaited()
    {
        lock (_gate)
        {
            foreach (var (pattern, seen) in _awaited)
                seen.TrySetException(new InvalidOperationException($"sluice ended without printing /{pattern}/:\n{Printed}"));
            _awaited.Clear();
        }
    }
}

/// <summary>How a command ended.</summary>
public sealed record SluiceResult(int ExitCode, string Output, string Error);

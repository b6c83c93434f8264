using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Sluice.Testing;

/// <summary>The built command line as a process of its own: what a user starts, killed and stopped as users and power cuts do.</summary>
public sealed class SluiceProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly List<Awaited> _awaited = [];
    private readonly Lock _gate = new();
    private bool _ended;

    private SluiceProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Receive(line.Data);
        process.ErrorDataReceived += (_, line) => Receive(line.Data);
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
        _ = sluice.WatchEndAsync();
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
    public Task<Match> LineAsync(string pattern) => LineAsync(pattern, _ => true);

    /// <summary>The first printed line, past or future, that matches and satisfies a condition.</summary>
    public Task<Match> LineAsync(string pattern, Func<Match, bool> condition)
    {
        var awaited = new Awaited(
            new Regex(pattern), condition, new TaskCompletionSource<Match>(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_gate)
        {
            if (_lines.Any(awaited.Accepts)) return awaited.Seen.Task;
            _awaited.Add(awaited);
            if (_ended) FailAwaited();
            return awaited.Seen.Task;
        }
    }

    /// <summary>The exit code, once the process has ended.</summary>
    public async Task<int> ExitCodeAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
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
        // Settings of whoever runs the tests are not for the processes that they start.
        foreach (var setting in start.Environment.Keys.Where(name => name.StartsWith("SLUICE_", StringComparison.Ordinal)).ToList()) start.Environment.Remove(setting);
        foreach (var port in new[] { "GATEWAY", "KAFKA_REST", "KAFKA", "KINESIS" }) start.Environment[$"SLUICE_PORTS__{port}"] = "0";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        return start;
    }

    private void Receive(string? line)
    {
        if (line is null) return;
        lock (_gate)
        {
            _lines.Enqueue(line);
            _awaited.RemoveAll(waiter => waiter.Accepts(line));
        }
    }

    /// <summary>The end of the process is the end of its output: only then is a line known not to come.</summary>
    private async Task WatchEndAsync()
    {
        await _process.WaitForExitAsync();
        lock (_gate)
        {
            _ended = true;
            FailAwaited();
        }
    }

    private void FailAwaited()
    {
        lock (_gate)
        {
            foreach (var waiter in _awaited)
                waiter.Seen.TrySetException(new InvalidOperationException($"sluice ended without printing /{waiter.Pattern}/:\n{Printed}"));
            _awaited.Clear();
        }
    }

    private sealed record Awaited(Regex Pattern, Func<Match, bool> Condition, TaskCompletionSource<Match> Seen)
    {
        /// <summary>Completes the waiter when the line is the one it waits for.</summary>
        public bool Accepts(string line) => Pattern.Match(line) is { Success: true } match && Condition(match) && Seen.TrySetResult(match);
    }
}

/// <summary>How a command ended.</summary>
public sealed record SluiceResult(int ExitCode, string Output, string Error);

using System.CommandLine;
using Microsoft.Extensions.Logging;
using Sluice.Cleaning;
using Sluice.Console.Node;
using Sluice.Console.Output;
using Sluice.Emulator;
using Sluice.Schedule;

namespace Sluice.Console.Commands;

/// <summary><c>sluice demo</c>: posts rows on both paths, sinks, cleans, answers; ends with the answers, the ledger and the comparison of the paths.</summary>
internal static class DemoCommand
{
    /// <summary>
    /// Enough that posting is not what the demo waits for, although one post waits for another: so records of one key come in the same order on
    /// both paths, which must then be equal. The described scripts post record by record, as 'emulate' does.
    /// </summary>
    private const int RecordsPerPost = 200;

    private const int DifferencesShown = 3;

    public static Command Create(Invocation invocation)
    {
        var options = new PostOptions("--records-per-post");
        var json = new Option<bool>("--json") { Description = "Steps, ledger and answers as one JSON object" };
        var command = new Command("demo", "The whole way once: rows to answers, then exit") { options.Source, options.Rows, json };
        command.SetAction((parse, cancel) => RunAsync(
            invocation, parse, new DemoChoice(parse.GetValue(options.Source)!, parse.GetValue(options.Rows), parse.GetValue(json)), cancel));
        return command;
    }

    private static async Task<int> RunAsync(Invocation invocation, ParseResult parse, DemoChoice choice, CancellationToken cancel)
    {
        if (new EmulatorOptions { Rows = choice.Rows }.Faults() is [var fault, ..]) throw new UserException(ExitCode.Usage, fault);
        var settings = CommandLine.ReadCheckedSettings(parse);
        if (parse.GetValue(CommandLine.Data) is null) settings.Data = FreshDirectory(settings.Data);
        using var directory = DataDirectory.TryOwn(settings.Data) ?? throw new UserException(
            ExitCode.Failed, $"Another sluice process owns {Path.GetFullPath(settings.Data)}; stop it, or give the demo another --data.");
        var steps = new DemoSteps(TimeProvider.System);
        await using var node = await SluiceNode.OpenAsync(settings, directory, LogLevel.Warning, cancel);
        await using var servers = await IngestServers.StartAsync(node, new Settings.PortSettings { Gateway = 0, KafkaRest = 0, Kafka = 0, Kinesis = 0 }, cancel);
        steps.Add("start", null);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var streaming = node.StreamCleaner.RunAsync(stop.Token);
        var posted = await PostAsync(invocation, node, servers, choice, cancel);
        steps.Add("post", posted.Accepted);
        foreach (var dataset in node.Pipeline.Datasets) await node.StreamCleaner.DrainAsync(dataset.Name, cancel);
        await stop.CancelAsync();
        await streaming;
        steps.Add("stream", node.StreamCleaner.Status.Sum(s => s.Received));
        await node.Sink.FlushAsync(cancel);
        steps.Add("sink", null);
        var run = (await node.Scheduler.RunNowAsync(node.Dag.Name, node.Time.GetUtcNow(), cancel)).Run;
        steps.Add("clean and answer", run.Tasks.Where(t => t.Task.StartsWith("clean.", StringComparison.Ordinal)).Sum(t => TaskOutput.Of(t)?.Rows ?? 0));
        var accounts = await LedgerCommand.ReadAsync(node, cancel);
        var differences = await VerifyPathsCommand.ReadAsync(node, DifferencesShown, cancel);
        steps.Add("compare", null);
        await new DemoReport(invocation, node, steps, run, accounts, differences).WriteAsync(choice.Json, cancel);
        return posted.IsComplete && run.State == RunState.Success && accounts.All(a => a.Closes) && differences.All(d => d.IsNone)
            ? ExitCode.Done
            : ExitCode.Failed;
    }

    /// <summary>The same rows to the topics and to the streams, at the same time.</summary>
    private static async Task<EmulatorReport> PostAsync(
        Invocation invocation, SluiceNode node, IngestServers servers, DemoChoice choice, CancellationToken cancel)
    {
        await using var source = await EmulateCommand.OpenSourceAsync(choice.Source, choice.Rows, node.Pipeline, default, cancel);
        var stage = node.Settings.Gateway.Stages.Keys.Order(StringComparer.Ordinal).First();
        var options = new EmulatorOptions { Rows = choice.Rows, RecordsPerPost = RecordsPerPost, InFlight = 1, ApiKey = node.Settings.Emulator.ApiKey };
        var reports = await Task.WhenAll(
            BatchEmulator.RunAsync(
                options, source, PostTarget.ForGateway(servers.Gateway, stage, node.Pipeline), ProgressLine.For(invocation), node.Time, cancel),
            StreamEmulator.RunAsync(options, source, PostTarget.ForStreams(servers.Gateway, stage, node.Pipeline), null, node.Time, cancel));
        var report = new EmulatorReport(
            [.. reports.SelectMany(r => r.Topics)], reports.Max(r => r.Elapsed), reports.Select(r => r.Stopped).FirstOrDefault(s => s is not null));
        cancel.ThrowIfCancellationRequested();
        if (report.IsComplete) return report;
        invocation.Console.Write(PostReport.Table(report));
        return report.Stopped is null ? report : throw new UserException(ExitCode.Failed, report.Stopped);
    }

    /// <summary>The demo's own directory within the data directory, emptied: each demo begins with nothing.</summary>
    private static string FreshDirectory(string data)
    {
        var path = Path.Combine(data, "demo");
        if (!Directory.Exists(path)) return path;
        using (DataDirectory.TryOwn(path) ?? throw new UserException(
            ExitCode.Failed, $"Another demo is running in {Path.GetFullPath(path)}; wait for it, or give this one a --data."))
        {
            foreach (var child in Directory.GetDirectories(path)) Directory.Delete(child, recursive: true);
            foreach (var file in Directory.GetFiles(path).Where(f => Path.GetFileName(f) != DataDirectory.LockName)) File.Delete(file);
        }

        return path;
    }

    private sealed record DemoChoice(string Source, long? Rows, bool Json);
}

/// <summary>The steps of the demo with the time each took.</summary>
internal sealed class DemoSteps(TimeProvider time)
{
    private readonly List<DemoStep> _steps = [];
    private readonly long _start = Invocation.ProcessStarted;
    private long _since = Invocation.ProcessStarted;

    public IReadOnlyList<DemoStep> Steps => _steps;

    /// <summary>From the start of the program to the end of the last step.</summary>
    public TimeSpan Total => time.GetElapsedTime(_start, _since);

    /// <summary>Adds a step that ends at this moment; the first began with the program.</summary>
    public void Add(string name, long? rows)
    {
        var now = time.GetTimestamp();
        _steps.Add(new DemoStep(name, rows, time.GetElapsedTime(_since, now)));
        _since = now;
    }
}

/// <param name="Rows">Rows that passed the step; null where there are none to count.</param>
internal sealed record DemoStep(string Name, long? Rows, TimeSpan Elapsed);

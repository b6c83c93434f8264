using System.CommandLine;
using Microsoft.Extensions.Logging;
using Sluice.Cleaning.Streaming;
using Sluice.Console.Node;

namespace Sluice.Console.Commands;

/// <summary><c>sluice up</c>: runs as a service until Ctrl-C or SIGTERM, and drains before it exits.</summary>
internal static class UpCommand
{
    public static Command Create(Invocation invocation)
    {
        var command = new Command("up", "Run as a service until Ctrl-C: gateway, Kafka REST, Kafka, Kinesis, sink, stream job, daily schedule");
        command.SetAction((parse, cancel) => RunAsync(invocation, parse, cancel));
        return command;
    }

    private static async Task<int> RunAsync(Invocation invocation, ParseResult parse, CancellationToken cancel)
    {
        if (invocation.Owner is not null) throw new UserException(ExitCode.Usage, "The service is up already.");
        var settings = CommandLine.ReadCheckedSettings(parse);
        using var directory = DataDirectory.TryOwn(settings.Data) ?? throw new UserException(
            ExitCode.Failed, $"Another sluice process owns {Path.GetFullPath(settings.Data)}; stop it, or give this one another --data.");
        await using var node = await SluiceNode.OpenAsync(settings, directory, LogLevel.Information, cancel);
        await using var servers = await IngestServers.StartAsync(node, settings.Ports, cancel);
        await using var control = await HttpServer.StartOnSocketAsync(
            DataDirectory.ControlSocket(settings.Data), Control.Handler((args, output, c) => CommandLine.RunAsync(
                new Invocation(args, output, output, Interactive: false, node), c)), cancel);
        // The stream job hears of the end last: until then it is seen which datasets it can clean, and these are drained.
        using var streaming = new CancellationTokenSource();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, streaming.Token);
        var job = node.StreamCleaner.RunAsync(streaming.Token);
        Task[] stages = [node.Sink.RunAsync(stop.Token), node.Scheduler.RunAsync(stop.Token), job];
        try
        {
            await ReportAsync(invocation, servers);
            var ended = await Task.WhenAny([.. stages, Task.Delay(Timeout.InfiniteTimeSpan, node.Time, stop.Token)]);
            if (cancel.IsCancellationRequested) await invocation.Error.WriteLineAsync("stopping: no new requests; what is in the log becomes objects and rows");
            await servers.DisposeAsync();
            if (ended.IsFaulted) return ExitCode.Failed;
            await node.Sink.FlushAsync(CancellationToken.None);
            string[] running = [.. node.StreamCleaner.Status.Where(s => s.State == StreamJobState.Running).Select(s => s.Dataset)];
            await streaming.CancelAsync();
            await job;
            foreach (var dataset in running) await DrainAsync(invocation, node, dataset);
        }
        finally
        {
            // A stage that failed says so here.
            await streaming.CancelAsync();
            await Task.WhenAll(stages);
        }

        return ExitCode.Done;
    }

    private static async Task DrainAsync(Invocation invocation, SluiceNode node, string dataset)
    {
        try
        {
            await node.StreamCleaner.DrainAsync(dataset, CancellationToken.None);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // What is in the log stays there; the next start goes on with it.
            await invocation.Error.WriteLineAsync($"stream.{dataset} is not drained: {fault.Message}");
        }
    }

    private static async Task ReportAsync(Invocation invocation, IngestServers servers)
    {
        await invocation.Output.WriteLineAsync($"gateway     {servers.Gateway.GetLeftPart(UriPartial.Authority)}");
        await invocation.Output.WriteLineAsync($"kafka-rest  {servers.KafkaRest.GetLeftPart(UriPartial.Authority)}");
        await invocation.Output.WriteLineAsync($"kafka       {servers.Kafka}");
        await invocation.Output.WriteLineAsync($"kinesis     {servers.Kinesis.GetLeftPart(UriPartial.Authority)}");
        var sinceStart = TimeProvider.System.GetElapsedTime(Invocation.ProcessStarted);
        await invocation.Output.WriteLineAsync($"ready in {sinceStart.TotalSeconds:0.0} s; Ctrl-C stops");
        await invocation.Output.FlushAsync();
    }
}

using System.CommandLine;
using System.Globalization;
using Sluice.Console.Node;
using Sluice.Console.Output;
using Sluice.Console.Settings;
using Sluice.Definition;
using Sluice.Emulator;
using Sluice.Source;

namespace Sluice.Console.Commands;

/// <summary><c>sluice emulate batch|stream</c>: posts rows as the described scripts do.</summary>
internal static class EmulateCommand
{
    public static Command Create(Invocation invocation)
    {
        var toTopics = new PostOptions("--records-per-post");
        var batch = new Command("batch", "Post rows to the topics, through gateway and Kafka REST");
        toTopics.AddTo(batch);
        batch.SetAction((parse, cancel) => RunAsync(invocation, toTopics, parse, isStream: false, cancel));

        var toStreams = new PostOptions("--batch");
        var stream = new Command("stream", "Put rows to the streams, through gateway and Kinesis");
        toStreams.AddTo(stream);
        stream.Options.Add(toStreams.PartitionKey);
        stream.SetAction((parse, cancel) => RunAsync(invocation, toStreams, parse, isStream: true, cancel));
        return new Command("emulate", "Post rows like users would") { batch, stream };
    }

    private static async Task<int> RunAsync(Invocation invocation, PostOptions options, ParseResult parse, bool isStream, CancellationToken cancel)
    {
        var settings = CommandLine.ReadSettings(parse);
        var pipeline = SluiceNode.ReadPipeline(settings);
        var targets = Targets(options, parse, settings, pipeline, isStream);
        var choice = options.Read(parse, settings, isStream);
        await using var source = await OpenSourceAsync(
            parse.GetValue(options.Source)!, parse.GetValue(options.Rows), pipeline, parse.GetValue(options.Timestamps), cancel);
        var progress = ProgressLine.For(invocation);
        var report = isStream
            ? await StreamEmulator.RunAsync(choice, source, targets, progress, TimeProvider.System, cancel)
            : await BatchEmulator.RunAsync(choice, source, targets, progress, TimeProvider.System, cancel);
        invocation.Console.Write(PostReport.Table(report));
        await invocation.Output.WriteLineAsync(PostReport.Total(report));
        if (report.Stopped is { } reason) await invocation.Error.WriteLineAsync(reason);
        return report.IsComplete ? ExitCode.Done : ExitCode.Failed;
    }

    /// <summary>Opens what --source names. Generated tables have as many rows as are asked for, whatever their usual size.</summary>
    /// <exception cref="UserException">All that does not fit.</exception>
    public static async Task<IRowSource> OpenSourceAsync(
        string text, long? rows, PipelineDefinition pipeline, TimestampSpelling spelling, CancellationToken cancel)
    {
        if (!SourceUri.TryParse(text, out var uri, out var fault)) throw new UserException(ExitCode.Usage, fault);
        if (uri is SourceUri.Generated { Rows: null } generated) uri = generated with { Rows = rows };
        var opening = await RowSources.OpenAsync(uri, pipeline, spelling, cancel);
        return opening.Source ?? throw new UserException(ExitCode.Failed, string.Join(Environment.NewLine, opening.Faults));
    }

    private static IReadOnlyList<PostTarget> Targets(
        PostOptions options, ParseResult parse, SluiceSettings settings, PipelineDefinition pipeline, bool isStream)
    {
        if (parse.GetValue(options.Urls) is { } file)
        {
            var urls = isStream ? PostTarget.ReadStreamUrls(file, pipeline) : PostTarget.ReadAwsUrls(file, pipeline);
            return urls.Targets ?? throw new UserException(ExitCode.Usage, string.Join(Environment.NewLine, urls.Faults));
        }

        var gateway = parse.GetValue(options.Gateway)
            ?? string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{settings.Ports.Gateway}");
        if (!Uri.TryCreate(gateway, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            throw new UserException(ExitCode.Usage, $"--gateway '{gateway}' is no http address; write http://127.0.0.1:8080.");
        var stage = parse.GetValue(options.Stage)!;
        return isStream ? PostTarget.ForStreams(url, stage, pipeline) : PostTarget.ForGateway(url, stage, pipeline);
    }
}

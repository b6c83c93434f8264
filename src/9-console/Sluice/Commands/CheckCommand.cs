using System.CommandLine;
using Sluice.Console.Node;

namespace Sluice.Console.Commands;

/// <summary><c>sluice check</c>: validates settings and pipeline, and reports all faults at once.</summary>
internal static class CheckCommand
{
    public static Command Create(Invocation invocation)
    {
        var command = new Command("check", "Validate settings and pipeline; all faults at once");
        command.SetAction(async (parse, _) =>
        {
            var settings = CommandLine.ReadSettings(parse);
            var folder = settings.PipelineFolder();
            var pipeline = SluiceNode.ReadPipeline(settings);
            IngestServers.Model(settings.Gateway);
            settings.KafkaRest.Options();
            SinkProperties.Config(settings, pipeline);
            var dags = PipelineTasks.DagsOf(pipeline);
            var faults = dags.SelectMany(dag => dag.Faults()).ToList();
            if (faults.Count > 0) throw new UserException(ExitCode.Usage, string.Join(Environment.NewLine, faults));
            await invocation.Output.WriteLineAsync(
                $"{folder}: {pipeline.Datasets.Count} datasets, {pipeline.Questions.Count} questions, "
                + $"{string.Join(", ", dags.Where(dag => dag.Schedule is not null).Select(dag => $"DAG {dag.Name} at {dag.Schedule} {dag.TimeZone}"))}: no fault");
            return ExitCode.Done;
        });
        return command;
    }
}

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
            var settings = CommandLine.ReadSettings(parse, out var faults);
            string[] ofKafka = await SluiceNode.KafkaFaultAsync(settings) is { } fault ? [fault] : [];
            UserException.ThrowIfAny([.. faults, .. SettingsCheck.FaultsOf(settings), .. ofKafka]);
            var pipeline = SluiceNode.ReadPipeline(settings);
            var dags = PipelineTasks.DagsOf(pipeline);
            await invocation.Output.WriteLineAsync(
                $"{settings.PipelineFolder()}: {pipeline.Datasets.Count} datasets, {pipeline.Questions.Count} questions, "
                + $"{string.Join(", ", dags.Where(dag => dag.Schedule is not null).Select(dag => $"DAG {dag.Name} at {dag.Schedule} {dag.TimeZone}"))}: no fault");
            return ExitCode.Done;
        });
        return command;
    }
}

using System.CommandLine;
using System.Globalization;
using Sluice.Console.Node;
using Sluice.Schedule;

namespace Sluice.Console.Commands;

/// <summary><c>sluice run DAG [--date D] [--path stream]</c>: executes the DAG, or what a run of that date has left to do.</summary>
internal static class RunCommand
{
    public static Command Create(Invocation invocation)
    {
        var dag = new Argument<string>("DAG") { Description = "Name of the DAG, e.g. daily" };
        var date = new Option<string?>("--date")
        {
            Description = "Day the run is about; a run that has succeeded is not repeated. Without it, a run of its own", HelpName = "YYYY-MM-DD",
        };
        var path = new Option<string>("--path")
        {
            Description = "batch: over the objects, answers under answers.*; stream: over the streams, answers under answers_stream.*",
            DefaultValueFactory = _ => PipelineTasks.BatchPath,
        };
        path.AcceptOnlyFromAmong(PipelineTasks.BatchPath, PipelineTasks.StreamPath);
        var command = new Command("run", "Run the pipeline's tasks now") { dag, date, path };
        command.SetAction((parse, cancel) =>
        {
            var name = parse.GetValue(path) == PipelineTasks.StreamPath ? PipelineTasks.StreamDagName(parse.GetValue(dag)!) : parse.GetValue(dag)!;
            return CommandLine.WithNodeAsync(invocation, parse, node => RunAsync(invocation, node, name, parse.GetValue(date), cancel), cancel);
        });
        return command;
    }

    private static async Task<int> RunAsync(Invocation invocation, SluiceNode node, string dag, string? date, CancellationToken cancel)
    {
        var logicalDate = node.Time.GetUtcNow();
        if (date is not null)
        {
            if (!DateOnly.TryParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
                throw new UserException(ExitCode.Usage, $"'{date}' is not a day; write it as 2026-01-31.");
            logicalDate = node.CalendarOf(dag).LogicalDateOf(day);
        }

        RunResult result;
        try
        {
            result = await node.Scheduler.RunNowAsync(dag, logicalDate, cancel);
        }
        catch (ScheduleException unknown)
        {
            throw new UserException(ExitCode.Usage, unknown.Message);
        }

        if (result.AlreadyDone) await invocation.Output.WriteLineAsync($"The run of {result.Run.LogicalDate:yyyy-MM-dd} has succeeded before.");
        foreach (var held in result.Held) await invocation.Output.WriteLineAsync($"waiting: {held}");
        invocation.Console.Write(RunTables.Tasks(result.Run));
        return result.Run.State == RunState.Success ? ExitCode.Done : ExitCode.Failed;
    }
}

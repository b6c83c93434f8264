using System.CommandLine;
using System.Text.Json;
using Sluice.Console.Output;

namespace Sluice.Console.Commands;

/// <summary><c>sluice quality [--json]</c>: what the expectations of the datasets counted on both paths.</summary>
internal static class QualityCommand
{
    public static Command Create(Invocation invocation)
    {
        var json = new Option<bool>("--json") { Description = "As one JSON object" };
        var command = new Command("quality", "Rows that met and did not meet the expectations, per dataset and path; each run is in quality.results") { json };
        command.SetAction((parse, cancel) => CommandLine.WithNodeAsync(
            invocation,
            parse,
            async node =>
            {
                var lines = await node.Quality.ReadAsync(cancel);
                if (parse.GetValue(json)) await invocation.Output.WriteLineAsync(JsonSerializer.Serialize(new { Lines = lines }, LedgerReport.Json));
                else if (lines.Count == 0) await invocation.Output.WriteLineAsync("The pipeline declares no expectation; add some under clean.expectations of a dataset.");
                else invocation.Console.Write(QualityReport.Table(lines));
                return ExitCode.Done;
            },
            cancel));
        return command;
    }
}

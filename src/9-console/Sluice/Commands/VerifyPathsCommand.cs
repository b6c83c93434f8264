using System.CommandLine;
using Sluice.Cleaning;
using Sluice.Console.Node;
using Sluice.Console.Output;

namespace Sluice.Console.Commands;

/// <summary><c>sluice verify-paths</c>: compares what the two paths made of the same records; exit code 1 when they differ.</summary>
internal static class VerifyPathsCommand
{
    public static Command Create(Invocation invocation)
    {
        var rows = new Option<int>("--rows")
        {
            Description = "Differing rows to print of each side", HelpName = "N", DefaultValueFactory = _ => 5,
        };
        var command = new Command("verify-paths", "Compare batch.* with stream.*, row by row, and their quarantine") { rows };
        command.SetAction((parse, cancel) => CommandLine.WithNodeAsync(
            invocation,
            parse,
            async node =>
            {
                var differences = await ReadAsync(node, parse.GetValue(rows), cancel);
                await PathReport.WriteAsync(invocation, differences);
                return differences.All(d => d.IsNone) ? ExitCode.Done : ExitCode.Failed;
            },
            cancel));
        return command;
    }

    public static async Task<IReadOnlyList<PathDifference>> ReadAsync(SluiceNode node, int rows, CancellationToken cancel)
    {
        var differences = new List<PathDifference>();
        foreach (var dataset in node.Pipeline.Datasets) differences.Add(await node.Paths.CompareAsync(dataset.Name, cancel, rows));
        return differences;
    }
}

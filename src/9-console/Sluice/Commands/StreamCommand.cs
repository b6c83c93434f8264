using System.CommandLine;
using Sluice.Console.Node;
using Spectre.Console;

namespace Sluice.Console.Commands;

/// <summary><c>sluice stream status | accept-gap DATASET</c>: how the stream job is doing, and the way on when records are gone.</summary>
internal static class StreamCommand
{
    public static Command Create(Invocation invocation)
    {
        var status = new Command("status", "State, counts and the reason of a stop, per dataset");
        status.SetAction((parse, cancel) => CommandLine.WithNodeAsync(invocation, parse, node => StatusAsync(invocation, node), cancel));

        var dataset = new Argument<string>("DATASET") { Description = "E.g. pin" };
        var accept = new Command("accept-gap", "Go on behind records that retention removed before they were cleaned; they count as skipped") { dataset };
        accept.SetAction((parse, cancel) => CommandLine.WithNodeAsync(
            invocation, parse, node => AcceptGapAsync(invocation, node, parse.GetValue(dataset)!, cancel), cancel));
        return new Command("stream", "The stream job") { status, accept };
    }

    private static Task<int> StatusAsync(Invocation invocation, SluiceNode node)
    {
        var table = new Table().Border(TableBorder.Simple)
            .AddColumns("dataset", "stream", "state", "received", "clean", "quarantined", "duplicate", "dropped", "commits", "last commit", "reason");
        foreach (var column in table.Columns.Skip(3).Take(6)) column.RightAligned();
        foreach (var s in node.StreamCleaner.Status)
        {
            table.AddRow(
                new Text(s.Dataset), new Text(s.Stream), new Text(s.State.ToString().ToLowerInvariant()), new Text($"{s.Received:N0}"), new Text($"{s.Clean:N0}"),
                new Text($"{s.Quarantined:N0}"), new Text($"{s.Duplicates:N0}"), new Text($"{s.Dropped:N0}"), new Text($"{s.Commits:N0}"),
                new Text(s.LastCommit is { } at ? $"{at:yyyy-MM-dd HH:mm:ss'Z'}" : ""), new Text(s.Reason ?? ""));
        }

        invocation.Console.Write(table);
        return Task.FromResult(ExitCode.Done);
    }

    private static async Task<int> AcceptGapAsync(Invocation invocation, SluiceNode node, string dataset, CancellationToken cancel)
    {
        if (node.Pipeline.Datasets.All(d => d.Name != dataset))
        {
            throw new UserException(
                ExitCode.Usage, $"There is no dataset '{dataset}'; the pipeline has {string.Join(", ", node.Pipeline.Datasets.Select(d => d.Name))}.");
        }

        await node.StreamCleaner.AcceptGapAsync(dataset, cancel);
        await invocation.Output.WriteLineAsync($"stream.{dataset} goes on behind the gap; 'sluice ledger' counts what is skipped.");
        return ExitCode.Done;
    }
}

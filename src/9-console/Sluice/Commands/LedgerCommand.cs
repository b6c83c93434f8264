using System.CommandLine;
using System.Text.Json;
using Sluice.Cleaning;
using Sluice.Console.Node;
using Sluice.Console.Output;

namespace Sluice.Console.Commands;

/// <summary><c>sluice ledger [--json]</c>: accounts for every record; exit code 1 when an account does not close.</summary>
internal static class LedgerCommand
{
    public static Command Create(Invocation invocation)
    {
        var json = new Option<bool>("--json") { Description = "As one JSON object" };
        var command = new Command("ledger", "Received = clean + quarantined + duplicate + dropped + skipped + waiting, per dataset and path") { json };
        command.SetAction((parse, cancel) => CommandLine.WithNodeAsync(
            invocation,
            parse,
            async node =>
            {
                var accounts = await ReadAsync(node, cancel);
                if (parse.GetValue(json)) await invocation.Output.WriteLineAsync(JsonSerializer.Serialize(LedgerReport.Of(accounts), LedgerReport.Json));
                else await LedgerReport.WriteAsync(invocation, accounts);
                return accounts.All(a => a.Closes) ? ExitCode.Done : ExitCode.Failed;
            },
            cancel));
        return command;
    }

    /// <summary>The account of every dataset of the pipeline on both paths.</summary>
    public static async Task<IReadOnlyList<LedgerAccount>> ReadAsync(SluiceNode node, CancellationToken cancel)
    {
        var accounts = new List<LedgerAccount>();
        foreach (var dataset in node.Pipeline.Datasets)
        {
            accounts.Add(await node.Ledger.ReadAsync(dataset.Name, PipelineTasks.BatchPath, node.Topics, cancel));
        }

        foreach (var dataset in node.Pipeline.Datasets)
        {
            if (await node.Streams.FindTopicAsync(dataset.Stream, cancel) is null) continue;
            accounts.Add(await node.Ledger.ReadAsync(dataset.Name, PipelineTasks.StreamPath, node.Streams, cancel));
        }

        return accounts;
    }
}

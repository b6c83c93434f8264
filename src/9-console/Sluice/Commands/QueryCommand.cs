using System.CommandLine;
using Sluice.Analysis;
using Sluice.Console.Node;
using Sluice.Console.Output;
using Sluice.Sql;

namespace Sluice.Console.Commands;

/// <summary><c>sluice query "SQL" [--json|--csv]</c>: a SELECT over all tables and answers, as they are or as they were.</summary>
internal static class QueryCommand
{
    public static Command Create(Invocation invocation)
    {
        var sql = new Argument<string>("SQL") { Description = "A SELECT, e.g. \"SELECT * FROM batch.user LIMIT 5\"" };
        var json = new Option<bool>("--json") { Description = "One JSON object per row" };
        var csv = new Option<bool>("--csv") { Description = "CSV with a header" };
        var command = new Command("query", "Run a SELECT over all tables; behind a table, VERSION AS OF 3 or TIMESTAMP AS OF '2026-01-31' reads it as it was") { sql, json, csv };
        command.SetAction((parse, cancel) => CommandLine.WithNodeAsync(
            invocation,
            parse,
            node => RunAsync(invocation, node, parse.GetValue(sql)!, parse.GetValue(json), parse.GetValue(csv), cancel),
            cancel));
        return command;
    }

    private static async Task<int> RunAsync(
        Invocation invocation, SluiceNode node, string sql, bool json, bool csv, CancellationToken cancel)
    {
        try
        {
            using var result = await node.Query.RunAsync(sql, cancel);
            if (json) await RowWriter.WriteJsonAsync(result, invocation.Output, cancel);
            else if (csv) await RowWriter.WriteCsvAsync(result, invocation.Output, cancel);
            else await RowWriter.WriteTableAsync(result, invocation.Console, cancel);
            return ExitCode.Done;
        }
        catch (Exception refused) when (refused is QueryRefusedException or SqlException)
        {
            throw new UserException(ExitCode.Failed, refused.Message);
        }
    }
}

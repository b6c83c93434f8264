using System.CommandLine;
using System.Globalization;
using Sluice.Console.Node;
using Sluice.Tables;
using Spectre.Console;
using Table = Spectre.Console.Table;

namespace Sluice.Console.Commands;

/// <summary><c>sluice tables</c>, <c>describe T</c>, <c>history T</c>: what the Delta tables are.</summary>
internal static class TableCommands
{
    public static Command CreateTables(Invocation invocation)
    {
        var command = new Command("tables", "List the tables");
        command.SetAction((parse, cancel) => CommandLine.WithNodeAsync(
            invocation, parse, node => ListAsync(invocation, node, cancel), cancel));
        return command;
    }

    public static Command CreateDescribe(Invocation invocation) => OfTable(
        invocation, "describe", "Columns, version and size of a table", async (table, cancel) =>
        {
            var snapshot = await table.SnapshotAsync(cancel);
            var columns = NewTable("column", "type", "nullable");
            foreach (var column in snapshot.Schema.Columns)
                columns.AddRow(new Text(column.Name), new Text(column.DuckDbType.ToLowerInvariant()), new Text(column.Nullable ? "yes" : "no"));
            var sizes = NewTable("table", "version", "rows", "files", "bytes");
            sizes.AddRow(Summary(table.Name, snapshot));
            return [columns, sizes];
        });

    public static Command CreateHistory(Invocation invocation) => OfTable(
        invocation, "history", "Commits of a table, newest first", async (table, cancel) =>
        {
            var commits = NewTable("version", "time", "operation", "parameters", "metrics");
            foreach (var commit in await table.HistoryAsync(cancel))
            {
                commits.AddRow(
                    new Text(commit.Version.ToString(CultureInfo.InvariantCulture)),
                    new Text(commit.Time.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)), new Text(commit.Operation),
                    new Text(Pairs(commit.Parameters)), new Text(Pairs(commit.Metrics)));
            }

            return [commits];
        });

    private static Command OfTable(
        Invocation invocation, string name, string description, Func<DeltaTable, CancellationToken, Task<Table[]>> show)
    {
        var table = new Argument<string>("TABLE") { Description = "E.g. batch.pin" };
        var command = new Command(name, description) { table };
        command.SetAction((parse, cancel) => CommandLine.WithNodeAsync(
            invocation,
            parse,
            async node =>
            {
                var found = await FindAsync(node, parse.GetValue(table)!, cancel);
                foreach (var part in await show(found, cancel)) invocation.Console.Write(part);
                return ExitCode.Done;
            },
            cancel));
        return command;
    }

    private static async Task<int> ListAsync(Invocation invocation, SluiceNode node, CancellationToken cancel)
    {
        var table = NewTable("table", "version", "rows", "files", "bytes");
        foreach (var name in await node.Tables.ListAsync(cancel))
        {
            if (await node.Tables.OpenAsync(name, cancel) is { } found) table.AddRow(Summary(name, await found.SnapshotAsync(cancel)));
        }

        invocation.Console.Write(table);
        return ExitCode.Done;
    }

    private static async Task<DeltaTable> FindAsync(SluiceNode node, string name, CancellationToken cancel)
    {
        var found = name.Split('.') is [var ns, var own] ? await node.Tables.OpenAsync(new TableName(ns, own), cancel) : null;
        return found ?? throw new UserException(ExitCode.Failed, $"There is no table '{name}'; 'sluice tables' lists them.");
    }

    private static Text[] Summary(TableName name, Snapshot snapshot) =>
    [
        new(name.ToString()), new(snapshot.Version.ToString(CultureInfo.InvariantCulture)),
        new(snapshot.RowCount is { } rows ? $"{rows:N0}" : "?"), new($"{snapshot.Files.Count:N0}"), new($"{snapshot.Files.Sum(f => f.Size):N0}"),
    ];

    private static Table NewTable(params string[] columns) => new Table().Border(TableBorder.Simple).AddColumns(columns);

    private static string Pairs(IReadOnlyDictionary<string, string> pairs) => string.Join(", ", pairs.Select(p => $"{p.Key}={p.Value}"));
}

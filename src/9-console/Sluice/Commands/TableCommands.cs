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
        invocation, "describe", "Columns, size, protocol and properties of a table", async (_, table, _, cancel) =>
        {
            var snapshot = await table.SnapshotAsync(cancel);
            var partitions = snapshot.Metadata.PartitionColumns;
            var columns = NewTable("column", "type", "nullable", "partition");
            foreach (var column in snapshot.Schema.Columns)
            {
                columns.AddRow(
                    new Text(column.Name), new Text(column.DuckDbType.ToLowerInvariant()), new Text(column.Nullable ? "yes" : "no"),
                    new Text(partitions.Contains(column.Name) ? "yes" : ""));
            }

            var sizes = NewTable("table", "version", "rows", "files", "bytes");
            sizes.AddRow(Summary(table.Name, snapshot));
            foreach (var part in new[] { columns, sizes, Facts(snapshot) }) invocation.Console.Write(part);
            return ExitCode.Done;
        });

    public static Command CreateHistory(Invocation invocation) => OfTable(
        invocation, "history", "Commits of a table, newest first", async (_, table, _, cancel) =>
        {
            var commits = NewTable("version", "time", "operation", "parameters", "metrics");
            foreach (var commit in await table.HistoryAsync(cancel))
            {
                commits.AddRow(
                    new Text(commit.Version.ToString(CultureInfo.InvariantCulture)),
                    new Text(commit.Time.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)), new Text(commit.Operation),
                    new Text(Pairs(commit.Parameters)), new Text(Pairs(commit.Metrics)));
            }

            invocation.Console.Write(commits);
            return ExitCode.Done;
        });

    /// <summary>A command whose first argument is a table.</summary>
    public static Command OfTable(
        Invocation invocation, string name, string description, Func<SluiceNode, DeltaTable, ParseResult, CancellationToken, Task<int>> run)
    {
        var table = new Argument<string>("TABLE") { Description = "E.g. batch.pin" };
        var command = new Command(name, description) { table };
        command.SetAction((parse, cancel) => CommandLine.WithNodeAsync(
            invocation, parse, async node => await run(node, await FindAsync(node, parse.GetValue(table)!, cancel), parse, cancel), cancel));
        return command;
    }

    /// <summary>What the protocol asks of engines, and the table's own settings.</summary>
    private static Table Facts(Snapshot snapshot)
    {
        var facts = NewTable("property", "value");
        var protocol = snapshot.Protocol;
        Add("id", snapshot.Metadata.Id);
        Add("protocol", string.Create(CultureInfo.InvariantCulture, $"reader {protocol.MinReaderVersion}, writer {protocol.MinWriterVersion}"));
        if (protocol.WriterFeatures is { Count: > 0 } features) Add("features", string.Join(", ", features.Order(StringComparer.Ordinal)));
        if (snapshot.Metadata.PartitionColumns is { Count: > 0 } partitions) Add("partitioned by", string.Join(", ", partitions));
        foreach (var (key, value) in snapshot.Metadata.Configuration.OrderBy(p => p.Key, StringComparer.Ordinal)) Add(key, value);
        return facts;

        void Add(string name, string value) => facts.AddRow(new Text(name), new Text(value));
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

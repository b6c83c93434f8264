using System.Text.Json;
using Sluice.Cleaning;
using Spectre.Console;

namespace Sluice.Console.Output;

/// <summary>The ledger for people and for programs.</summary>
internal sealed record LedgerReport(bool Closes, IReadOnlyList<LedgerReport.Line> Lines)
{
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web);

    public static LedgerReport Of(IReadOnlyList<LedgerAccount> accounts) => new(
        accounts.All(a => a.Closes),
        [.. accounts.Select(a => new Line(
            a.Dataset, a.Path, a.Topic, a.Received, a.Clean, a.Quarantined, a.Duplicates, a.Dropped, a.Skipped, a.Waiting, a.Closes,
            a.Partitions))]);

    public static async Task WriteAsync(Invocation invocation, IReadOnlyList<LedgerAccount> accounts)
    {
        var table = new Table().Border(TableBorder.Simple)
            .AddColumns("dataset", "path", "received", "= clean", "+ quarantined", "+ duplicate", "+ dropped", "+ skipped", "+ waiting", "");
        foreach (var column in table.Columns.Skip(2).Take(7)) column.RightAligned();
        foreach (var a in accounts)
        {
            table.AddRow(
                new Text(a.Dataset), new Text(a.Path), new Text($"{a.Received:N0}"), new Text($"{a.Clean:N0}"), new Text($"{a.Quarantined:N0}"),
                new Text($"{a.Duplicates:N0}"), new Text($"{a.Dropped:N0}"), new Text($"{a.Skipped:N0}"), new Text($"{a.Waiting:N0}"),
                new Text(a.Closes ? "closes" : "DOES NOT CLOSE"));
        }

        invocation.Console.Write(table);
        foreach (var open in accounts.Where(a => !a.Closes)) await invocation.Error.WriteLineAsync(open.ToString());
    }

    /// <summary>One dataset on one path; counts are records.</summary>
    internal sealed record Line(
        string Dataset, string Path, string Topic, long Received, long Clean, long Quarantined, long Duplicate, long Dropped, long Skipped, long Waiting,
        bool Closes, IReadOnlyList<LedgerPartition> Partitions);
}

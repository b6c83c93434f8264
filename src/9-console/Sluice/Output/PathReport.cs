using Sluice.Cleaning;
using Spectre.Console;

namespace Sluice.Console.Output;

/// <summary>The comparison of the two paths.</summary>
internal static class PathReport
{
    public static async Task WriteAsync(Invocation invocation, IReadOnlyList<PathDifference> differences)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("dataset", "rows", "batch", "stream", "only batch", "only stream", "");
        foreach (var column in table.Columns.Skip(2).Take(4)) column.RightAligned();
        foreach (var difference in differences)
        {
            Add(table, difference.Dataset, "clean", difference.Clean);
            Add(table, difference.Dataset, "quarantined", difference.Quarantine);
        }

        invocation.Console.Write(table);
        foreach (var difference in differences)
        {
            await SampleAsync(invocation, difference.Dataset, difference.Clean);
            await SampleAsync(invocation, difference.Dataset, difference.Quarantine);
        }
    }

    private static void Add(Table table, string dataset, string rows, SideDifference side) => table.AddRow(
        new Text(dataset), new Text(rows), new Text($"{side.BatchRows:N0}"), new Text($"{side.StreamRows:N0}"), new Text($"{side.OnlyBatch:N0}"),
        new Text($"{side.OnlyStream:N0}"), new Text(side.IsNone ? "equal" : "DIFFERENT"));

    private static async Task SampleAsync(Invocation invocation, string dataset, SideDifference side)
    {
        foreach (var row in side.BatchSample) await invocation.Output.WriteLineAsync($"{dataset}, only batch:  {row}");
        foreach (var row in side.StreamSample) await invocation.Output.WriteLineAsync($"{dataset}, only stream: {row}");
    }
}

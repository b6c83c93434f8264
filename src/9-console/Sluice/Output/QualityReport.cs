using Sluice.Cleaning;
using Spectre.Console;

namespace Sluice.Console.Output;

/// <summary>The expectations for people.</summary>
internal static class QualityReport
{
    public static Table Table(IReadOnlyList<QualityLine> lines)
    {
        var table = new Table().Border(TableBorder.Simple)
            .AddColumns("dataset", "path", "expectation", "action", "passed", "failed", "last run", "passed then", "failed then");
        foreach (var column in (int[])[4, 5, 7, 8]) table.Columns[column].RightAligned();
        foreach (var line in lines)
        {
            table.AddRow(
                new Text(line.Dataset), new Text(line.Path), new Text(line.Expectation), new Text(line.Action), new Text($"{line.Passed:N0}"),
                new Text($"{line.Failed:N0}"), new Text(line.LastRun?.Name ?? ""), new Text($"{line.LastRun?.Passed:N0}"), new Text($"{line.LastRun?.Failed:N0}"));
        }

        return table;
    }
}

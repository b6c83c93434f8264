using System.Diagnostics;
using System.Text.Json;
using Sluice.Cleaning;
using Sluice.Console.Commands;
using Sluice.Console.Node;
using Sluice.Schedule;
using Spectre.Console;

namespace Sluice.Console.Output;

/// <summary>What the demo ends with: answers, tasks, steps, ledger, comparison of the paths.</summary>
internal sealed class DemoReport(
    Invocation invocation, SluiceNode node, DemoSteps steps, DagRun run, IReadOnlyList<LedgerAccount> accounts,
    IReadOnlyList<PathDifference> differences)
{
    /// <summary>Rows shown of each answer; the whole of it is a table.</summary>
    private const int AnswerRows = 8;

    public Task WriteAsync(bool json, CancellationToken cancel) => json ? WriteJsonAsync(cancel) : WriteTextAsync(cancel);

    private async Task WriteTextAsync(CancellationToken cancel)
    {
        foreach (var question in node.Pipeline.Questions)
        {
            var table = $"answers.{question.Name}";
            using var answer = await node.Query.RunAsync($"SELECT * FROM {table} LIMIT {AnswerRows}", cancel);
            using var count = await node.Query.RunAsync($"SELECT count(*) FROM {table}", cancel);
            var rows = (long)(await count.ReadAsync(cancel).FirstAsync(cancel))[0]!;
            await invocation.Output.WriteLineAsync(rows > AnswerRows ? $"{table} ({AnswerRows} of {rows:N0} rows)" : table);
            await RowWriter.WriteTableAsync(answer, invocation.Console, cancel);
        }

        invocation.Console.Write(RunTables.Tasks(run));
        invocation.Console.Write(StepTable());
        await LedgerReport.WriteAsync(invocation, accounts);
        await PathReport.WriteAsync(invocation, differences);
        await invocation.Output.WriteLineAsync(
            $"done in {steps.Total.TotalSeconds:0.0} s, {PeakMegabytes():N0} MB at most; all of it is in {node.Directory.Path}");
        await invocation.Output.WriteLineAsync(
            $"ask it:  ./sluice query \"SELECT * FROM answers.{node.Pipeline.Questions[0].Name}\" --data {node.Settings.Data}");
    }

    private async Task WriteJsonAsync(CancellationToken cancel)
    {
        var answers = new Dictionary<string, List<Dictionary<string, object?>>>();
        foreach (var question in node.Pipeline.Questions)
        {
            using var answer = await node.Query.RunAsync($"SELECT * FROM answers.{question.Name}", cancel);
            var rows = new List<Dictionary<string, object?>>();
            await foreach (var row in answer.ReadAsync(cancel))
                rows.Add(answer.Columns.Select((c, i) => (c.Name, Value: row[i])).ToDictionary(c => c.Name, c => c.Value));
            answers.Add(question.Name, rows);
        }

        var report = new
        {
            Seconds = steps.Total.TotalSeconds,
            PeakMegabytes = PeakMegabytes(),
            Steps = steps.Steps.Select(s => new { s.Name, s.Rows, Seconds = s.Elapsed.TotalSeconds }),
            Tasks = run.Tasks.Select(t => new { Name = t.Task, State = t.State.ToText(), Seconds = t.Duration?.TotalSeconds }),
            Ledger = LedgerReport.Of(accounts),
            Paths = differences,
            Answers = answers,
        };
        await invocation.Output.WriteLineAsync(JsonSerializer.Serialize(report, LedgerReport.Json));
    }

    private Table StepTable()
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("step", "rows", "seconds", "rows/s");
        foreach (var column in table.Columns.Skip(1)) column.RightAligned();
        foreach (var step in steps.Steps)
        {
            var rate = step.Rows is { } rows && step.Elapsed > TimeSpan.Zero ? $"{rows / step.Elapsed.TotalSeconds:N0}" : "";
            table.AddRow(step.Name, $"{step.Rows:N0}", $"{step.Elapsed.TotalSeconds:0.00}", rate);
        }

        return table;
    }

    private static double PeakMegabytes()
    {
        using var process = Process.GetCurrentProcess();
        return Math.Round(process.PeakWorkingSet64 / 1048576.0);
    }
}

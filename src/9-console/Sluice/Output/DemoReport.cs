using System.Diagnostics;
using System.Text.Json;
using Sluice.Cleaning;
using Sluice.Console.Commands;
using Sluice.Console.Node;
using Sluice.Definition;
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
        foreach (var question in Answered())
        {
            var table = $"answers.{question}";
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
        if (Answered().FirstOrDefault() is { } example)
            await invocation.Output.WriteLineAsync($"ask it:  ./sluice query \"SELECT * FROM answers.{example}\" --data {node.Settings.Data}");
    }

    /// <summary>The questions that this run answered: a failed one has no table, and its task says why.</summary>
    private IEnumerable<string> Answered() => node.Pipeline.Dag.Tasks
        .Where(t => t.Kind == DagTaskKind.Analyse && run.Tasks.Any(r => r.Task == t.Name && r.State == TaskState.Success))
        .Select(t => t.Subject);

    private async Task WriteJsonAsync(CancellationToken cancel)
    {
        var answers = new Dictionary<string, List<Dictionary<string, object?>>>();
        foreach (var question in Answered())
        {
            using var answer = await node.Query.RunAsync($"SELECT * FROM answers.{question}", cancel);
            var rows = new List<Dictionary<string, object?>>();
            await foreach (var row in answer.ReadAsync(cancel))
                rows.Add(RowWriter.Named(answer, row));
            answers.Add(question, rows);
        }

        var report = new
        {
            Seconds = steps.Total.TotalSeconds,
            PeakMegabytes = PeakMegabytes(),
            Steps = steps.Steps.Select(s => new { s.Name, s.Rows, Seconds = s.Elapsed.TotalSeconds }),
            Tasks = run.Tasks.Select(t => new { Name = t.Task, State = t.State.ToText(), Seconds = t.Duration?.TotalSeconds, t.Error }),
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

using System.CommandLine;
using System.Globalization;
using Sluice.Cleaning;
using Sluice.Console.Node;
using Spectre.Console;

namespace Sluice.Console.Commands;

/// <summary><c>sluice quarantine list|show|replay</c>: the records at fault.</summary>
internal static class QuarantineCommand
{
    /// <summary>Records that show gives unless told: a few screens.</summary>
    private const int Shown = 50;

    public static Command Create(Invocation invocation) => new("quarantine", "Records at fault: why, which, and another try")
    {
        CreateList(invocation), CreateShow(invocation), CreateReplay(invocation),
    };

    private static Command CreateList(Invocation invocation)
    {
        var command = new Command("list", "Reasons, with the number of records that have each");
        command.SetAction((parse, cancel) => CommandLine.WithNodeAsync(
            invocation,
            parse,
            async node =>
            {
                var table = new Table().Border(TableBorder.Simple).AddColumns("dataset", "path", "reason", "records");
                foreach (var reason in await node.Quarantine.ListAsync(null, cancel))
                    table.AddRow(new Text(reason.Dataset), new Text(reason.Path), new Text(reason.Reason), new Text($"{reason.Records:N0}"));
                invocation.Console.Write(table);
                return ExitCode.Done;
            },
            cancel));
        return command;
    }

    private static Command CreateShow(Invocation invocation)
    {
        var dataset = new Argument<string>("DATASET") { Description = "E.g. pin" };
        var reason = new Option<string?>("--reason") { Description = "Only records with this reason" };
        var limit = new Option<int>("--limit") { Description = "Records to show", HelpName = "N", DefaultValueFactory = _ => Shown };
        var command = new Command("show", "Records with their raw text, reasons and place") { dataset, reason, limit };
        command.SetAction((parse, cancel) => CommandLine.WithNodeAsync(
            invocation,
            parse,
            async node =>
            {
                var name = KnownDataset(node, parse.GetValue(dataset)!);
                foreach (var entry in await node.Quarantine.ShowAsync(name, parse.GetValue(reason), parse.GetValue(limit), cancel))
                {
                    var place = string.Create(CultureInfo.InvariantCulture, $"{entry.Topic}-{entry.Partition} offset {entry.Offset}");
                    var line = entry.Object is null ? "" : string.Create(CultureInfo.InvariantCulture, $", {entry.Object} line {entry.Line}");
                    await invocation.Output.WriteLineAsync($"{place}{line}: {string.Join("; ", entry.Reasons)}");
                    await invocation.Output.WriteLineAsync($"  {entry.Raw}");
                }

                return ExitCode.Done;
            },
            cancel));
        return command;
    }

    private static Command CreateReplay(Invocation invocation)
    {
        var dataset = new Argument<string?>("DATASET") { Description = "E.g. pin; all without it", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("replay", "Clean the quarantined records again, after a fix of the pipeline") { dataset };
        command.SetAction((parse, cancel) => CommandLine.WithNodeAsync(
            invocation,
            parse,
            async node =>
            {
                var chosen = parse.GetValue(dataset) is { } one ? [KnownDataset(node, one)] : node.Pipeline.Datasets.Select(d => d.Name);
                foreach (var name in chosen)
                {
                    var report = await node.Quarantine.ReplayAsync(name, PipelineTasks.BatchPath, cancel);
                    await invocation.Output.WriteLineAsync(
                        $"{name}: clean {report.Clean:N0}, duplicate {report.Duplicates:N0}, dropped {report.Dropped:N0}, still quarantined {report.Quarantined:N0}");
                }

                return ExitCode.Done;
            },
            cancel));
        return command;
    }

    private static string KnownDataset(SluiceNode node, string name) =>
        node.Pipeline.Datasets.Any(d => d.Name == name) ? name : throw new UserException(
            ExitCode.Usage, $"There is no dataset '{name}'; there are {string.Join(", ", node.Pipeline.Datasets.Select(d => d.Name))}.");
}

using System.CommandLine;
using System.Globalization;

namespace Sluice.Console.Commands;

/// <summary><c>sluice runs [ID]</c>: the history of the schedule, or the tasks of one run.</summary>
internal static class RunsCommand
{
    /// <summary>Runs shown: a screen of them.</summary>
    private const int Shown = 30;

    public static Command Create(Invocation invocation)
    {
        var id = new Argument<long?>("RUN") { Description = "Number of a run, to see its tasks", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("runs", "History of the schedule") { id };
        command.SetAction((parse, cancel) => CommandLine.WithNodeAsync(
            invocation,
            parse,
            node =>
            {
                if (parse.GetValue(id) is { } wanted)
                {
                    var run = node.Runs(int.MaxValue).FirstOrDefault(r => r.Id == wanted) ?? throw new UserException(
                        ExitCode.Failed, $"There is no run {wanted.ToString(CultureInfo.InvariantCulture)}; 'sluice runs' lists them.");
                    invocation.Console.Write(RunTables.Tasks(run));
                }
                else
                {
                    invocation.Console.Write(RunTables.Runs(node.Runs(Shown)));
                }

                return Task.FromResult(ExitCode.Done);
            },
            cancel));
        return command;
    }
}

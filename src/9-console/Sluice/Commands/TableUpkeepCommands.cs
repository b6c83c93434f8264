using System.CommandLine;
using System.Globalization;
using DuckDB.NET.Data;
using Sluice.Console.Node;
using Sluice.Console.Settings;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Console.Commands;

/// <summary><c>sluice verify|optimize|vacuum|restore TABLE</c>: a table checked, tidied, taken back.</summary>
internal static class TableUpkeepCommands
{
    public static Command CreateVerify(Invocation invocation)
    {
        var shallow = new Option<bool>("--no-rows") { Description = "Check the log alone, without reading data files" };
        var command = TableCommands.OfTable(invocation, "verify", "Hold a table against the Delta protocol; exit code 1 names each breach", async (_, table, parse, cancel) =>
        {
            var breaches = await TableLint.CheckAsync(table, new LintOptions { ReadRows = !parse.GetValue(shallow) }, cancel);
            foreach (var breach in breaches) await invocation.Output.WriteLineAsync(breach.ToString());
            await invocation.Output.WriteLineAsync(breaches.Count == 0 ? $"{table.Name} is as the protocol wants it" : $"{table.Name}: {breaches.Count} breaches");
            return breaches.Count == 0 ? ExitCode.Done : ExitCode.Failed;
        });
        command.Add(shallow);
        return command;
    }

    public static Command CreateOptimize(Invocation invocation)
    {
        var order = new Option<string[]>("--zorder")
        {
            Description = "Order rows along a Z-curve over one to four columns", HelpName = "COLUMN", AllowMultipleArgumentsPerToken = true,
        };
        var where = new Option<string?>("--where") { Description = "Only files that may hold rows for which this is true", HelpName = "SQL" };
        var command = TableCommands.OfTable(invocation, "optimize", "Merge small files, or order the rows of a table", async (node, table, parse, cancel) =>
        {
            var options = new OptimizeOptions { ZOrderBy = Columns(parse.GetValue(order)), Predicate = parse.GetValue(where) };
            var done = await WithSqlAsync(node, connection => table.OptimizeAsync(connection, options, cancel));
            if (done is null) await invocation.Output.WriteLineAsync($"{table.Name}: nothing to write anew");
            else await CommittedAsync(invocation, table, done.Commit, $"{done.Removed.Count} files became {done.Added.Count}");
            return ExitCode.Done;
        });
        command.Add(order);
        command.Add(where);
        return command;
    }

    public static Command CreateVacuum(Invocation invocation)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "List the files, delete nothing" };
        var retain = new Option<string?>("--retain")
        {
            Description = "How long ago a file must be out of use, e.g. 7d or 168h (default: as the table says, a week)", HelpName = "TIME",
        };
        var force = new Option<bool>("--force") { Description = "Allow less than the table's own retention: readers and writers that take longer lose their files" };
        var command = TableCommands.OfTable(invocation, "vacuum", "Delete files that no retained version needs", async (_, table, parse, cancel) =>
        {
            var options = new VacuumOptions { DryRun = parse.GetValue(dryRun), Force = parse.GetValue(force), Retention = Retention(parse.GetValue(retain)) };
            var result = await table.VacuumAsync(options, cancel);
            if (options.DryRun)
            {
                foreach (var file in result.Files) await invocation.Output.WriteLineAsync(file);
            }

            var what = options.DryRun ? "would be deleted" : "deleted";
            await invocation.Output.WriteLineAsync($"{table.Name}: {result.Files.Count:N0} files of {result.Bytes:N0} bytes {what}");
            return ExitCode.Done;
        });
        command.Add(dryRun);
        command.Add(retain);
        command.Add(force);
        return command;
    }

    public static Command CreateRestore(Invocation invocation)
    {
        var version = new Option<long?>("--version") { Description = "The version to go back to", HelpName = "N" };
        var time = new Option<string?>("--timestamp") { Description = "Or the newest version of that time or before", HelpName = "TIME" };
        var command = TableCommands.OfTable(invocation, "restore", "Make a table what it was, in a new commit", async (_, table, parse, cancel) =>
        {
            var target = (parse.GetValue(version), parse.GetValue(time)) switch
            {
                ({ } number, null) => number,
                (null, { } text) => (await table.SnapshotAsync(Time(text), cancel)).Version,
                _ => throw new UserException(ExitCode.Usage, "restore needs --version N or --timestamp TIME, and not both; 'sluice history TABLE' lists them."),
            };
            var result = await table.RestoreAsync(target, cancel);
            if (result.Commit is not { } commit) await invocation.Output.WriteLineAsync($"{table.Name} is already as at version {target}");
            else await CommittedAsync(invocation, table, commit, $"as at version {target}, {result.FilesRestored} files back and {result.FilesRemoved} gone");
            return ExitCode.Done;
        });
        command.Add(version);
        command.Add(time);
        return command;
    }

    private static async Task CommittedAsync(Invocation invocation, DeltaTable table, CommitResult commit, string what)
    {
        if (commit.Outcome != CommitOutcome.Committed)
            throw new UserException(ExitCode.Failed, $"{table.Name} is unchanged: {commit.Reason}. Another writer was faster; run it again.");
        await invocation.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{table.Name} version {commit.Version}: {what}"));
    }

    private static async Task<T> WithSqlAsync<T>(SluiceNode node, Func<DuckDBConnection, Task<T>> work)
    {
        using var duckDb = DuckDb.Open(node.Sql);
        using var connection = duckDb.Connect();
        try
        {
            return await work(connection);
        }
        catch (SqlException refused)
        {
            throw new UserException(ExitCode.Failed, refused.Message);
        }
    }

    private static string[] Columns(string[]? given) =>
        [.. (given ?? []).SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    private static TimeSpan? Retention(string? text)
    {
        if (text is null) return null;
        return Scalar.TryParseDuration(text, out var retention) && retention >= TimeSpan.Zero
            ? retention
            : throw new UserException(ExitCode.Usage, $"--retain '{text}' is no time; write {Scalar.Describe(typeof(TimeSpan))}.");
    }

    private static DateTimeOffset Time(string text) => TableTime.TryParse(text, out var time)
        ? time
        : throw new UserException(ExitCode.Usage, $"--timestamp '{text}' is no time; write {TableTime.Form}.");
}

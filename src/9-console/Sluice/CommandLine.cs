using System.Collections;
using System.CommandLine;
using Microsoft.Extensions.Logging;
using Sluice.Console.Commands;
using Sluice.Console.Node;
using Sluice.Console.Settings;

namespace Sluice.Console;

/// <summary>The command line: parses, runs one command, turns failures into messages and exit codes.</summary>
internal static class CommandLine
{
    public static readonly Option<string?> Data = new("--data")
    {
        Description = "Directory that holds everything", HelpName = "DIR", Recursive = true,
    };

    public static readonly Option<string?> Config = new("--config")
    {
        Description = "Settings file (default: sluice.yaml where there is one)", HelpName = "FILE", Recursive = true,
    };

    public static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var parse = Root(invocation).Parse(invocation.Args);
        if (parse.Errors.Count > 0)
        {
            foreach (var error in parse.Errors) await invocation.Error.WriteLineAsync(error.Message);
            await invocation.Error.WriteLineAsync("'sluice --help' lists the commands, 'sluice COMMAND --help' the options of one.");
            return ExitCode.Usage;
        }

        try
        {
            return await parse.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = invocation.Output, Error = invocation.Error, EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null,
                },
                cancel);
        }
        catch (UserException failure)
        {
            await invocation.Error.WriteLineAsync(failure.Message);
            return failure.ExitCode;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            await invocation.Error.WriteLineAsync("Stopped.");
            return ExitCode.Failed;
        }
        catch (Exception failure)
        {
            // The stages' own exceptions name the thing, the reason and the remedy; of any other the kind is worth a word.
            var kind = failure.GetType();
            var name = kind.Namespace?.StartsWith(nameof(Sluice), StringComparison.Ordinal) == true ? "" : $" ({kind.Name})";
            await invocation.Error.WriteLineAsync($"{failure.Message}{name}");
            return ExitCode.Failed;
        }
    }

    /// <summary>Settings of this invocation: defaults, then the file, then the environment, then the options.</summary>
    /// <exception cref="UserException">All faults of the file and the environment.</exception>
    public static SluiceSettings ReadSettings(ParseResult parse)
    {
        var settings = ReadSettings(parse, out var faults);
        UserException.ThrowIfAny(faults);
        return settings;
    }

    /// <summary>The same for a command that starts the service: with all faults of all sections and of the pipeline.</summary>
    /// <exception cref="UserException">All faults.</exception>
    public static SluiceSettings ReadCheckedSettings(ParseResult parse)
    {
        var settings = ReadSettings(parse, out var faults);
        UserException.ThrowIfAny(faults.Concat(SettingsCheck.FaultsOf(settings)));
        return settings;
    }

    /// <summary>The same, with the faults as a value: what is not at fault is set.</summary>
    public static SluiceSettings ReadSettings(ParseResult parse, out IEnumerable<string> faults)
    {
        var settings = new SluiceSettings();
        var reader = new SettingsReader();
        if (parse.GetValue(Config) is { } file) reader.ReadFile(settings, file);
        else if (File.Exists(SluiceSettings.DefaultFile)) reader.ReadFile(settings, SluiceSettings.DefaultFile);
        reader.ReadEnvironment(settings, Environment.GetEnvironmentVariables());
        if (parse.GetValue(Data) is { } data) settings.Data = data;
        faults = reader.Faults.Select(fault => fault.ToString());
        return settings;
    }

    /// <summary>
    /// Runs work in the node of the data directory: in this process when nobody owns the directory, else in the owner's.
    /// </summary>
    public static async Task<int> WithNodeAsync(
        Invocation invocation, ParseResult parse, Func<SluiceNode, Task<int>> work, CancellationToken cancel)
    {
        if (invocation.Owner is { } owner) return await work(owner);
        var settings = ReadSettings(parse);
        using var directory = DataDirectory.TryOwn(settings.Data);
        if (directory is null) return await Control.ForwardAsync(settings.Data, invocation.Args, invocation.Output, cancel);
        await using var node = await SluiceNode.OpenAsync(settings, directory, LogLevel.Warning, cancel);
        return await work(node);
    }

    private static RootCommand Root(Invocation invocation) => new("Sluice: rows in, answers out. An event-data pipeline in one process.")
    {
        Data,
        Config,
        DemoCommand.Create(invocation),
        UpCommand.Create(invocation),
        EmulateCommand.Create(invocation),
        RunCommand.Create(invocation),
        RunsCommand.Create(invocation),
        QueryCommand.Create(invocation),
        TableCommands.CreateTables(invocation),
        TableCommands.CreateDescribe(invocation),
        TableCommands.CreateHistory(invocation),
        TableUpkeepCommands.CreateVerify(invocation),
        TableUpkeepCommands.CreateOptimize(invocation),
        TableUpkeepCommands.CreateVacuum(invocation),
        TableUpkeepCommands.CreateRestore(invocation),
        LedgerCommand.Create(invocation),
        QualityCommand.Create(invocation),
        VerifyPathsCommand.Create(invocation),
        StreamCommand.Create(invocation),
        QuarantineCommand.Create(invocation),
        CheckCommand.Create(invocation),
    };
}

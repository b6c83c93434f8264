using Spectre.Console;

namespace Sluice.Console;

/// <summary>One command being run: where it prints, and the node it runs in when the caller is another process.</summary>
/// <param name="Args">The argument list as typed.</param>
/// <param name="Output">What the command is for.</param>
/// <param name="Error">Faults, and progress of long work.</param>
/// <param name="Interactive">Whether a person watches a terminal: then progress redraws a line.</param>
/// <param name="Owner">The node of the process that received the command; null in the process that was started with it.</param>
internal sealed record Invocation(string[] Args, TextWriter Output, TextWriter Error, bool Interactive, Node.SluiceNode? Owner)
{
    /// <summary>When the program began, as a timestamp of <see cref="TimeProvider.System"/>.</summary>
    public static long ProcessStarted { get; } = TimeProvider.System.GetTimestamp();

    /// <summary>Draws tables to <see cref="Output"/>; as wide as they need where no terminal says otherwise.</summary>
    public IAnsiConsole Console { get; } = CreateConsole(Output, Interactive);

    private static IAnsiConsole CreateConsole(TextWriter output, bool interactive)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = interactive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = interactive ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        });
        if (!interactive) console.Profile.Width = 200;
        return console;
    }
}

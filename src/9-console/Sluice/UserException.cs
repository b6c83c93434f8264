namespace Sluice.Console;

/// <summary>A failure the user can do something about: the message names the thing, the reason and the remedy.</summary>
internal sealed class UserException(int exitCode, string message) : Exception(message)
{
    /// <summary><see cref="ExitCode.Failed"/> or <see cref="ExitCode.Usage"/>.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>Throws when there are faults of the configuration, with all of them.</summary>
    public static void ThrowIfAny(IEnumerable<string> faults)
    {
        if (string.Join(Environment.NewLine, faults) is { Length: > 0 } message) throw new UserException(Console.ExitCode.Usage, message);
    }
}

/// <summary>Exit codes of every command.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>The work failed.</summary>
    public const int Failed = 1;

    /// <summary>Wrong usage or configuration.</summary>
    public const int Usage = 2;
}

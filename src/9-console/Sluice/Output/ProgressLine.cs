using Sluice.Emulator;

namespace Sluice.Console.Output;

/// <summary>Progress of posting: one line that is redrawn on a terminal, a line a second elsewhere.</summary>
internal sealed class ProgressLine(TextWriter output, bool interactive) : IProgress<EmulatorProgress>
{
    private static readonly TimeSpan s_plainInterval = TimeSpan.FromSeconds(1);
    private TimeSpan _next = s_plainInterval;

    public static ProgressLine For(Invocation invocation) => new(invocation.Error, invocation.Interactive && !System.Console.IsErrorRedirected);

    public void Report(EmulatorProgress value)
    {
        var accepted = value.Topics.Sum(t => t.Accepted);
        var total = value.Topics.Sum(t => t.Total);
        var line = $"accepted {accepted:N0} of {total:N0}, {value.Topics.Sum(t => t.Rate):N0}/s, retried {value.Topics.Sum(t => t.Retried):N0}";
        if (interactive)
        {
            output.Write($"\r{line,-78}{(accepted == total ? "\n" : "")}");
        }
        else if (value.Elapsed >= _next || accepted == total)
        {
            output.WriteLine(line);
            _next = value.Elapsed + s_plainInterval;
        }
    }
}

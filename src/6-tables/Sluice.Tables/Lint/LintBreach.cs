namespace Sluice.Tables;

/// <summary>A place where a table breaks the protocol.</summary>
/// <param name="Section">The heading in PROTOCOL.md that is broken.</param>
/// <param name="Place">The file of the log, or the data file.</param>
/// <param name="Message">What is wrong there.</param>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md</remarks>
public sealed record LintBreach(string Section, string Place, string Message)
{
    public override string ToString() => $"{Place}: {Message} (PROTOCOL.md: {Section})";
}

/// <summary>How deep a check goes.</summary>
public sealed record LintOptions
{
    /// <summary>Whether data files are read, and statistics, deletion vectors and the table's rules held against their rows.</summary>
    public bool ReadRows { get; init; } = true;
}

/// <summary>Collects breaches.</summary>
internal sealed class LintReport
{
    private readonly List<LintBreach> _breaches = [];

    public IReadOnlyList<LintBreach> Breaches => _breaches;

    public void Add(string section, string place, string message) => _breaches.Add(new LintBreach(section, place, message));

    public void Require(bool holds, string section, string place, string message)
    {
        if (!holds) Add(section, place, message);
    }
}

using System.Globalization;
using Sluice.Definition;

namespace Sluice.Cleaning;

/// <summary>
/// Rows do not meet an expectation whose action is to stop the dataset. Nothing of the commit they were to be in took place, and nothing
/// behind it; the records wait in the log. The message holds the remedy.
/// </summary>
public sealed class ExpectationException : Exception
{
    internal ExpectationException(CleaningTarget target, Expectation expectation, (long Failed, long Judged) rows, string example)
        : base(string.Create(
            CultureInfo.InvariantCulture,
            $"Expectation {expectation.Name} ({expectation.Sql}) stops {target.Path}.{target.Dataset.Name}: {rows.Failed} of {rows.Judged} rows do not meet it, "
            + $"the first being {example}. None of these rows was committed, and the records wait. Mend the source or {target.Dataset.Clean.Path}, or let the "
            + $"expectation warn, drop or quarantine in pipeline.yaml, and run the cleaning again."))
    {
        Dataset = target.Dataset.Name;
        Path = target.Path;
        Expectation = expectation.Name;
        Failed = rows.Failed;
    }

    public string Dataset { get; }

    /// <summary>batch or stream.</summary>
    public string Path { get; }

    public string Expectation { get; }

    /// <summary>Rows of the commit that do not meet it.</summary>
    public long Failed { get; }
}

namespace Sluice.Cleaning.Judging;

/// <summary>What became of a batch: every record that was not decided before is in exactly one of the four counts.</summary>
/// <param name="Clean">Rows for the clean table.</param>
/// <param name="Quarantined">Records at fault.</param>
/// <param name="Duplicates">Rows whose key occurred before.</param>
internal readonly record struct Verdicts(long Clean, long Quarantined, long Duplicates)
{
    /// <summary>Rows that an expectation leaves out.</summary>
    public long Dropped { get; init; }

    public long Records => Clean + Quarantined + Duplicates + Dropped;

    public static Verdicts operator +(Verdicts a, Verdicts b) =>
        new(a.Clean + b.Clean, a.Quarantined + b.Quarantined, a.Duplicates + b.Duplicates) { Dropped = a.Dropped + b.Dropped };
}

namespace Sluice.Cleaning.Judging;

/// <summary>What became of a batch: every record that was not decided before is in exactly one of the three counts.</summary>
/// <param name="Clean">Rows for the clean table.</param>
/// <param name="Quarantined">Records at fault.</param>
/// <param name="Duplicates">Rows whose key occurred before.</param>
internal readonly record struct Verdicts(long Clean, long Quarantined, long Duplicates);

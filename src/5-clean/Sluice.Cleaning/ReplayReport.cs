namespace Sluice.Cleaning;

/// <summary>What a replay did with the quarantined records it judged.</summary>
/// <param name="Clean">Moved to the clean table.</param>
/// <param name="Duplicates">Moved to the duplicates: their key was there.</param>
/// <param name="Quarantined">Still at fault; their reasons are brought up to date.</param>
public sealed record ReplayReport(string Dataset, string Path, long Clean, long Duplicates, long Quarantined)
{
    /// <summary>Left out by an expectation: they are in no table any more, and the ledger counts them as dropped.</summary>
    public long Dropped { get; init; }
}

namespace Sluice.Cleaning;

/// <summary>What one run of the cleaning did.</summary>
/// <param name="Dataset">The dataset's name.</param>
/// <param name="Path">batch or stream.</param>
/// <param name="Received">Records read: the sum of the next three and of <see cref="Dropped"/>.</param>
/// <param name="Clean">Rows added to the clean table.</param>
/// <param name="Quarantined">Records at fault.</param>
/// <param name="Duplicates">Records whose key was there already.</param>
/// <param name="Commits">Commits to the clean table.</param>
/// <param name="Elapsed">From the start of the run.</param>
/// <param name="Positions">The next offset of each partition that has one.</param>
public sealed record CleanReport(
    string Dataset,
    string Path,
    long Received,
    long Clean,
    long Quarantined,
    long Duplicates,
    int Commits,
    TimeSpan Elapsed,
    IReadOnlyList<CleanPosition> Positions)
{
    /// <summary>Rows that an expectation left out.</summary>
    public long Dropped { get; init; }

    /// <summary>Records per second.</summary>
    public double RowsPerSecond => Elapsed > TimeSpan.Zero ? Received / Elapsed.TotalSeconds : 0;
}

/// <summary>The first offset of a partition that is not cleaned yet.</summary>
public readonly record struct CleanPosition(string Topic, int Partition, long Next);

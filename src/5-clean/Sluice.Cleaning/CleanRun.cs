using Sluice.Cleaning.Judging;
using Sluice.Cleaning.Raw;

namespace Sluice.Cleaning;

/// <summary>Counts of a run, over its attempts.</summary>
internal sealed class CleanRun(CleaningTarget target, TimeProvider time, IProgress<CleanReport>? progress)
{
    private readonly long _started = time.GetTimestamp();
    private readonly SortedDictionary<int, long> _positions = [];
    private Verdicts _sum;
    private int _commits;

    public CleaningTarget Target => target;

    /// <summary>What <c>quality.results</c> calls it.</summary>
    public required string Name { get; init; }

    public void Start(IReadOnlyDictionary<int, RawPosition?> positions)
    {
        foreach (var (partition, position) in positions)
        {
            if (position is { } known) _positions[partition] = known.Next;
        }
    }

    public void Add(RawBatch batch, Verdicts verdicts)
    {
        _commits++;
        _sum += verdicts;
        foreach (var (partition, reached) in batch.Reached) _positions[partition] = reached.Next;
        progress?.Report(Report());
    }

    public CleanReport Report() => new(
        target.Dataset.Name,
        target.Path,
        _sum.Records,
        _sum.Clean,
        _sum.Quarantined,
        _sum.Duplicates,
        _commits,
        time.GetElapsedTime(_started),
        [.. _positions.Select(position => new CleanPosition(target.Topic, position.Key, position.Value))]) { Dropped = _sum.Dropped };
}

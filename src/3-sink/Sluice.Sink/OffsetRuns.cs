using Sluice.Objects;

namespace Sluice.Sink;

/// <summary>Offsets in rising order, kept as ranges.</summary>
internal sealed class OffsetRuns
{
    private readonly List<OffsetRange> _ranges = [];

    public IReadOnlyList<OffsetRange> Ranges => _ranges;

    /// <summary>How many offsets there are.</summary>
    public long Count { get; private set; }

    /// <summary>Adds offsets that lie behind those that are there.</summary>
    public void Add(long from, long to)
    {
        Count += to - from;
        if (_ranges is [.., var last] && last.To == from) _ranges[^1] = last with { To = to };
        else _ranges.Add(new OffsetRange(from, to));
    }
}

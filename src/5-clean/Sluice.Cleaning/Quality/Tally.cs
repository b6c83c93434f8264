using System.Numerics;

namespace Sluice.Cleaning.Quality;

/// <summary>How many rows of a batch the expectations judged, and how many did not meet each.</summary>
/// <param name="expectations">How many there are.</param>
internal sealed class Tally(int expectations)
{
    private readonly long[] _failed = new long[expectations];
    private readonly int[] _first = NoPlaces(expectations);

    /// <summary>Rows that passed the checks: every expectation judges them all.</summary>
    public long Judged { get; private set; }

    public long Failed(int expectation) => _failed[expectation];

    /// <summary>The first position that does not meet the expectation; only when one does not.</summary>
    public int First(int expectation) => _first[expectation];

    /// <summary>Counts a row with this verdict.</summary>
    public void Add(long verdict, int position)
    {
        if (verdict < 0) return;
        Judged++;
        for (var unmet = (ulong)verdict; unmet != 0; unmet &= unmet - 1) Fail(BitOperations.TrailingZeroCount(unmet), 1, position);
    }

    /// <summary>Counts rows that were counted elsewhere.</summary>
    public void AddJudged(long rows) => Judged += rows;

    /// <summary>Counts rows that do not meet an expectation, the first of them being at a position.</summary>
    public void Fail(int expectation, long rows, int first)
    {
        _failed[expectation] += rows;
        if (first < _first[expectation]) _first[expectation] = first;
    }

    public void Add(Tally other)
    {
        Judged += other.Judged;
        for (var at = 0; at < _failed.Length; at++) Fail(at, other._failed[at], other._first[at]);
    }

    public void Clear()
    {
        Judged = 0;
        Array.Clear(_failed);
        Array.Fill(_first, int.MaxValue);
    }

    private static int[] NoPlaces(int count)
    {
        var places = new int[count];
        Array.Fill(places, int.MaxValue);
        return places;
    }
}

namespace Sluice.Log;

/// <summary>The hash keys a shard takes, both ends included: a part of 0 to 2^128 - 1.</summary>
public readonly record struct HashRange(UInt128 First, UInt128 Last)
{
    /// <summary>All hash keys.</summary>
    public static HashRange Whole { get; } = new(UInt128.MinValue, UInt128.MaxValue);

    public bool Contains(UInt128 hashKey) => First <= hashKey && hashKey <= Last;

    /// <summary>Whether the other range begins where this one ends.</summary>
    public bool IsDirectlyBefore(HashRange other) => Last != UInt128.MaxValue && Last + 1 == other.First;

    /// <summary>The whole in equal parts; part n begins at floor(n * 2^128 / count), as in AWS.</summary>
    public static HashRange[] Divide(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var ranges = new HashRange[count];
        for (var i = 0; i < count; i++)
            ranges[i] = new HashRange(StartOf(i, count), i == count - 1 ? UInt128.MaxValue : StartOf(i + 1, count) - 1);
        return ranges;
    }

    private static UInt128 StartOf(int part, int count)
    {
        // 2^128 does not fit: it is count * whole + left, with left below count.
        var (whole, left) = UInt128.DivRem(UInt128.MaxValue, (UInt128)count);
        if (++left == (UInt128)count) (whole, left) = (whole + 1, 0);
        return (UInt128)part * whole + (UInt128)part * left / (UInt128)count;
    }
}

using System.Runtime.CompilerServices;

namespace Sluice.Source.Generate;

/// <summary>
/// Where a value is drawn: everything a generator may depend on. Two draws at the same point with the same salt are equal.
/// </summary>
/// <param name="Key">The seed, mixed with the name of the table or entity.</param>
/// <param name="Row">Row number, or number of the entity.</param>
/// <param name="Position">Place within the rows that share shares, 0 to <paramref name="Size"/> - 1.</param>
/// <param name="Size">How many rows those are; 0 where shares are left to chance.</param>
internal readonly record struct DrawPoint(ulong Key, long Row, long Position, long Size)
{
    private const double OfBits53 = 1.0 / (1UL << 53);

    /// <summary>64 random bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Bits(ulong salt) => Mixing.Mix(Key ^ salt ^ Mixing.Mix((ulong)Row));

    /// <summary>A number from 0 to below 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double Uniform(ulong salt) => (Bits(salt) >> 11) * OfBits53;

    /// <summary>A whole number from 0 to below <paramref name="count"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Below(long count, ulong salt) => (long)Math.BigMul(Bits(salt), (ulong)count, out _);

    /// <summary>The same row, as one of several draws that are independent of each other: the items of a list.</summary>
    public DrawPoint Item(int item) => new(Mixing.Mix(Key + (ulong)item), Row, 0, 0);
}

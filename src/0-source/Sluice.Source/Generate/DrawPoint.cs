using System.Runtime.CompilerServices;

namespace Sluice.Source.Generate;

/// <summary>
/// Where a value is drawn: everything a generator may depend on. Two draws at the same point with the same salt are equal.
/// </summary>
internal readonly struct DrawPoint
{
    private const double OfBits53 = 1.0 / (1UL << 53);
    private readonly ulong _bits;
    private readonly ulong _item;

    /// <param name="key">The seed, mixed with the name of the table or entity.</param>
    /// <param name="row">Row number, or number of the entity.</param>
    /// <param name="rows">How many there are.</param>
    public DrawPoint(ulong key, long row, long rows)
        : this(key, row, rows, Mixing.Mix(key ^ (ulong)row), item: 0, row, rows)
    {
    }

    private DrawPoint(ulong key, long row, long rows, ulong bits, ulong item, long position, long size)
    {
        (Key, Row, Rows, _bits, _item, Position, Size) = (key, row, rows, bits, item, position, size);
    }

    public ulong Key { get; }

    public long Row { get; }

    public long Rows { get; }

    /// <summary>Place among the rows that share shares: all of them, or those that have one option of a choice.</summary>
    public long Position { get; }

    /// <summary>How many those are.</summary>
    public long Size { get; }

    /// <summary>Whether shares are left to chance: an item of a list has no place among the rows.</summary>
    public bool IsItem => _item != 0;

    /// <summary>64 random bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Bits(ulong salt) => Mixing.Mix(_bits ^ salt ^ _item);

    /// <summary>A number from 0 to below 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double Uniform(ulong salt) => (Bits(salt) >> 11) * OfBits53;

    /// <summary>A whole number from 0 to below <paramref name="count"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Below(long count, ulong salt) => (long)Math.BigMul(Bits(salt), (ulong)count, out _);

    /// <summary>The same row among fewer rows.</summary>
    public DrawPoint Within(long position, long size) => new(Key, Row, Rows, _bits, _item, position, size);

    /// <summary>The same row, as one of several draws that are independent of each other: the items of a list.</summary>
    public DrawPoint Item(int item) => new(Key, Row, Rows, _bits, Mixing.Mix(_item + (ulong)item), Position, Size);

    /// <summary>The same row among all rows, still as the same item of a list.</summary>
    public DrawPoint Whole() => new(Key, Row, Rows, _bits, _item, Row, Rows);

    /// <summary>The same row among all rows, and no item of a list.</summary>
    public DrawPoint Origin() => new(Key, Row, Rows, _bits, item: 0, Row, Rows);
}

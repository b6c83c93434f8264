using Sluice.Objects;

namespace Sluice.Cleaning.Raw;

/// <summary>The offsets that the sink accounted for at once.</summary>
/// <param name="From">The first of them.</param>
/// <param name="Item">The object with their lines; null where none has a line.</param>
/// <param name="Whole">Its bytes, where it is small and was read ahead.</param>
/// <param name="Offsets">What the sink said of them; null where every line has the offset behind that of the line before.</param>
internal sealed record RawTile(long From, RawObject? Item, ReadOnlyMemory<byte> Whole, LandedOffsets? Offsets)
{
    /// <summary>How many offsets from one up to another have a record without a line.</summary>
    public long SkippedIn(long from, long to) => Offsets?.Skipped.Sum(range => range.CountIn(from, to)) ?? 0;
}

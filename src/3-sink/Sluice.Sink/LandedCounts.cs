namespace Sluice.Sink;

/// <summary>What writing objects did: counted when the object is durable; a redone object counts again.</summary>
internal record struct LandedCounts(long Objects, long Records, long Bytes, long Malformed, long Dropped)
{
    public static LandedCounts operator +(LandedCounts a, LandedCounts b) => new(
        a.Objects + b.Objects,
        a.Records + b.Records,
        a.Bytes + b.Bytes,
        a.Malformed + b.Malformed,
        a.Dropped + b.Dropped);
}

using System.Numerics;
using CsCheck;
using Sluice.Log;

namespace Sluice.Unit.Log;

public sealed class HashRangeTests
{
    [Fact]
    public void Equal_parts_cover_every_key_once_and_begin_at_whole_fractions() => Gen.Int[1, 10_000].Sample(count =>
    {
        var ranges = HashRange.Divide(count);
        ranges[0].First.ShouldBe(UInt128.MinValue);
        ranges[^1].Last.ShouldBe(UInt128.MaxValue);
        for (var i = 0; i < count; i++)
        {
            ((BigInteger)ranges[i].First).ShouldBe((BigInteger.One << 128) * i / count);
            if (i > 0) ranges[i - 1].IsDirectlyBefore(ranges[i]).ShouldBeTrue();
        }
    });
}

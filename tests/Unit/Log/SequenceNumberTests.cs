using System.Globalization;
using System.Numerics;
using CsCheck;
using Sluice.Log;

namespace Sluice.Unit.Log;

public sealed class SequenceNumberTests
{
    private static readonly Gen<SequenceNumber> s_numbers = Gen.Select(
        Gen.Long[0, (1L << 36) - 1], Gen.Int[0, int.MaxValue], Gen.Long[0, long.MaxValue], (epoch, shard, position) => new SequenceNumber(epoch, shard, position));

    [Fact]
    public void It_has_56_digits_and_is_read_back_as_it_was() => s_numbers.Sample(number =>
    {
        var text = number.ToString();
        text.Length.ShouldBe(56);
        BigInteger.Parse(text, CultureInfo.InvariantCulture).ShouldBe(Value(number));
        SequenceNumber.TryParse(text, out var read).ShouldBeTrue();
        read.ShouldBe(number);
    });

    [Fact]
    public void Its_order_is_that_of_the_numbers_and_of_the_texts() => Gen.Select(s_numbers, s_numbers).Sample((a, b) =>
    {
        Math.Sign(a.CompareTo(b)).ShouldBe(Value(a).CompareTo(Value(b)));
        Math.Sign(a.CompareTo(b)).ShouldBe(Math.Sign(string.CompareOrdinal(a.ToString(), b.ToString())));
    });

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("49590338271490256608559692538361571095921575989136588898")]
    [InlineData("99999999999999999999999999999999999999999999999999999999")]
    [InlineData("4959033827149025660855969253836157109592157598913658889x")]
    public void What_is_none_of_ours_is_not_read(string text) => SequenceNumber.TryParse(text, out _).ShouldBeFalse();

    private static BigInteger Value(SequenceNumber number) =>
        (BigInteger.One << 185) + ((BigInteger)number.Epoch << 148) + ((BigInteger)number.Position << 84) + ((BigInteger)number.Shard << 4) + 2;
}

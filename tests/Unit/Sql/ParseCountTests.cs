using System.Numerics;
using CsCheck;

namespace Sluice.Unit.Sql;

public sealed class ParseCountTests
{
    [Theory]
    [InlineData("0", 0L)]
    [InlineData("759", 759L)]
    [InlineData("134k", 134_000L)]
    [InlineData("15M", 15_000_000L)]
    [InlineData("1.5k", 1_500L)]
    [InlineData("1.5K", 1_500L)]
    [InlineData("2.25m", 2_250_000L)]
    [InlineData("1.123456789B", 1_123_456_789L)]
    [InlineData("0.001k", 1L)]
    [InlineData("1.10k", 1_100L)]
    [InlineData("2.0", 2L)]
    [InlineData("1,234", 1_234L)]
    [InlineData("12,345.6k", 12_345_600L)]
    [InlineData(" \u00a0 7k\n", 7_000L)]
    [InlineData("7 k", 7_000L)]
    [InlineData("007", 7L)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("9223372036.854775807b", long.MaxValue)]
    public async Task A_count_is_read_exactly(string text, long count) =>
        (await Engine.EvaluateAsync<long?>("parse_count(t)", [text])).ShouldBe([count]);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("User Info Error")]
    [InlineData("k")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5")]
    [InlineData("1.2345k")]
    [InlineData("1.k")]
    [InlineData(".5k")]
    [InlineData("1,23")]
    [InlineData("1,2345")]
    [InlineData("1e3")]
    [InlineData("1kk")]
    [InlineData("1 000")]
    [InlineData("1\nk")]
    [InlineData("1k followers")]
    [InlineData("٣")]
    [InlineData("9223372036854775808")]
    [InlineData("9.3bb")]
    [InlineData("9223372037b")]
    public async Task What_is_no_count_is_null_and_never_zero(string? text) =>
        (await Engine.EvaluateAsync<long?>("parse_count(t)", [text])).ShouldBe([null]);

    [Fact]
    public async Task Every_text_reads_as_the_oracle_reads_it()
    {
        var digits = Gen.Char["0123456789"].Array[0, 7].Select(c => new string(c));
        var part = Gen.OneOf(
            digits, Gen.OneOf<string>(".", ",", "k", "K", "m", "M", "b", "B", " ", "\u00a0", "\t", "-", "0", "000", "9223372036854775807", "x"));
        var count = Gen.Select(digits, Gen.OneOf("", ".", ","), digits, Gen.OneOf("", "k", "K", "M", "b", " k"))
            .Select((a, b, c, d) => a + b + c + d);
        var text = Gen.OneOf(count, part.Array[0, 6].Select(string.Concat));
        await text.Array[400].SampleAsync(
            async texts => (await Engine.EvaluateAsync<long?>("parse_count(t)", texts)).ShouldBe(texts.Select(Oracle)),
            iter: 15);
    }

    /// <summary>Reads letter by letter and multiplies whole numbers: nothing in common with the expression under test.</summary>
    private static long? Oracle(string text)
    {
        var rest = text.Trim();
        var power = 0;
        if (rest.Length > 0 && "kmb".Contains(char.ToLowerInvariant(rest[^1])))
        {
            power = 3 * ("kmb".IndexOf(char.ToLowerInvariant(rest[^1]), StringComparison.Ordinal) + 1);
            rest = rest[..^1];
        }

        if (rest.Length > 0 && rest[^1] is ' ' or '\u00a0') rest = rest[..^1];
        var halves = rest.Split('.');
        if (halves.Length > 2 || (halves.Length == 2 && !IsDigits(halves[1])) || !IsWhole(halves[0])) return null;

        var fraction = halves.Length == 2 ? halves[1] : "";
        var scaled = BigInteger.Parse("0" + halves[0].Replace(",", "", StringComparison.Ordinal) + fraction) * BigInteger.Pow(10, power);
        var count = BigInteger.DivRem(scaled, BigInteger.Pow(10, fraction.Length), out var remainder);
        return remainder.IsZero && count <= long.MaxValue ? (long)count : null;
    }

    private static bool IsDigits(string text) => text.Length > 0 && text.All(char.IsAsciiDigit);

    private static bool IsWhole(string text)
    {
        var groups = text.Split(',');
        if (groups.Length == 1) return IsDigits(text);
        return groups[0].Length is 1 or 2 or 3 && groups.All(IsDigits) && groups.Skip(1).All(g => g.Length == 3);
    }
}

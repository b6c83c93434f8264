using System.Text;
using CsCheck;
using Sluice.Objects;

namespace Sluice.Unit.Objects;

public sealed class ObjectKeyTests
{
    [Theory]
    [InlineData("", "is empty")]
    [InlineData("/a", "segment")]
    [InlineData("a/", "segment")]
    [InlineData("a//b", "segment")]
    [InlineData("../a", "segment")]
    [InlineData("a/./b", "segment")]
    [InlineData("a\\b", "backslash")]
    [InlineData("a\0b", "NUL")]
    public void A_key_that_is_no_path_is_refused_with_its_reason(string key, string reason) =>
        Should.Throw<ArgumentException>(() => new ObjectKey(key)).Message.ShouldContain(reason);

    [Fact]
    public void Half_of_a_surrogate_pair_is_no_character() =>
        Should.Throw<ArgumentException>(() => new ObjectKey("a\uD83D")).Message.ShouldContain("surrogate");

    [Fact]
    public void A_key_has_at_most_1024_bytes_of_UTF8()
    {
        new ObjectKey(new string('é', 512)).Value.Length.ShouldBe(512);
        Should.Throw<ArgumentException>(() => new ObjectKey(new string('é', 512) + "a"));
    }

    [Fact]
    public void Keys_compare_as_their_UTF8_bytes_do()
    {
        string[] chars = ["a", "b", "-", "~", "é", "\uE000", "\uFFFD", "\U0001F600", "\U0010FFFF"];
        var keys = Gen.Int[0, chars.Length - 1].Select(i => chars[i]).Array[1, 4].Select(parts => string.Concat(parts));
        keys.Select(keys).Sample((left, right) =>
        {
            var expected = Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right));
            Math.Sign(new ObjectKey(left).CompareTo(new ObjectKey(right))).ShouldBe(Math.Sign(expected));
        });
    }
}

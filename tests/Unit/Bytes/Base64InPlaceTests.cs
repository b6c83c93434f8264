using System.Text;
using CsCheck;
using Shouldly;
using Sluice.Bytes;
using Xunit;

namespace Sluice.Unit.Bytes;

public sealed class Base64InPlaceTests
{
    [Fact]
    public void Bytes_of_any_length_come_back() => Gen.Byte.Array[0, 10_000].Sample(bytes =>
    {
        var text = Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes));
        return Base64InPlace.TryDecode(text, out var written) && text.AsSpan(0, written).SequenceEqual(bytes);
    });

    [Fact]
    public void One_wrong_character_anywhere_is_refused() => Gen.Select(Gen.Int[1, 5_000], Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue]).Sample((length, at, which) =>
    {
        var wrong = "\0 \t\r\n-_.%{é"u8;
        var text = Encoding.ASCII.GetBytes(Convert.ToBase64String(new byte[length]));
        text[at % text.Length] = wrong[which % wrong.Length];
        return !Base64InPlace.TryDecode(text, out _);
    });

    [Theory]
    [InlineData("AAA")]
    [InlineData("AA==AAAA")]
    [InlineData("A===")]
    [InlineData("AA=A")]
    public void Padding_only_completes_the_last_four(string text) => Base64InPlace.TryDecode(Encoding.ASCII.GetBytes(text), out _).ShouldBeFalse();

    [Fact]
    public void Padding_at_the_end_of_an_inner_piece_is_refused()
    {
        var text = Encoding.ASCII.GetBytes(new string('A', 8192));
        text[2047] = (byte)'=';
        Base64InPlace.TryDecode(text, out _).ShouldBeFalse();
    }
}

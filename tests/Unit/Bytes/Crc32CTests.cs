using System.Text;
using CsCheck;
using Sluice.Bytes;

namespace Sluice.Unit.Bytes;

public sealed class Crc32CTests
{
    // RFC 3720, appendix B.4, and the check value of the CRC catalogue.
    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xE3069283u)]
    public void The_checksum_of_known_text_is_the_published_one(string text, uint checksum) =>
        Crc32C.Compute(Encoding.ASCII.GetBytes(text)).ShouldBe(checksum);

    [Fact]
    public void The_checksums_of_rfc_3720_hold()
    {
        Crc32C.Compute(new byte[32]).ShouldBe(0x8A9136AAu);
        Crc32C.Compute(Enumerable.Repeat((byte)0xff, 32).ToArray()).ShouldBe(0x62A8AB43u);
        Crc32C.Compute(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()).ShouldBe(0x46DD794Eu);
    }

    [Fact]
    public void A_checksum_continues_over_any_cut() => Gen.Select(Gen.Byte.Array[0, 70], Gen.Int[0, 70]).Sample((bytes, at) =>
    {
        at = Math.Min(at, bytes.Length);
        Crc32C.Append(Crc32C.Compute(bytes.AsSpan(0, at)), bytes.AsSpan(at)).ShouldBe(Crc32C.Compute(bytes));
    });
}

using Shouldly;
using Sluice.Tables;
using Xunit;

namespace Sluice.Unit.Tables;

public sealed class DeletionVectorTests
{
    /// <summary>The example of the protocol's text.</summary>
    private static readonly DeletionVector s_inline = new("i", "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L", null, 44, 6);

    [Fact]
    public void The_protocols_inline_example_gives_its_rows() =>
        DeletionVectorFormat.ReadInline(s_inline).ShouldBe([3, 4, 7, 11, 18, 29]);

    [Fact]
    public void A_vector_with_another_count_than_it_says_is_an_error() =>
        Should.Throw<LogFormatException>(() => DeletionVectorFormat.ReadInline(s_inline with { Cardinality = 5 })).Message.ShouldContain("6 rows");

    [Fact]
    public void The_protocols_relative_example_gives_its_file()
    {
        var vector = new DeletionVector("u", "ab^-aqEH.-t@S}K{vb[*k^", 4, 40, 6);
        DeletionVectorFormat.FilePath(vector).ShouldBe("ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin");
    }

    [Fact]
    public void A_broken_frame_is_an_error()
    {
        var vector = new DeletionVector("u", "x", 1, 8, 0);
        Should.Throw<LogFormatException>(() => DeletionVectorFormat.ReadFramed(vector, new byte[10])).Message.ShouldContain("ends too early");
        Should.Throw<LogFormatException>(() => DeletionVectorFormat.ReadFramed(vector, new byte[16])).Message.ShouldContain("0 bytes");
        Should.Throw<LogFormatException>(() => DeletionVectorFormat.ReadFramed(vector, [0, 0, 0, 8, .. new byte[12]])).Message.ShouldContain("checksum");
    }
}

using System.Text;
using Sluice.KafkaRest.Produce;

namespace Sluice.Unit.KafkaRest;

public sealed class PartitionerTests
{
    /// <summary>The vectors of Apache Kafka's UtilsTest.</summary>
    [Theory]
    [InlineData("21", -973932308)]
    [InlineData("foobar", -790332482)]
    [InlineData("a-little-bit-long-string", -985981536)]
    [InlineData("a-little-bit-longer-string", -1486304829)]
    [InlineData("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971)]
    [InlineData("abc", 479470107)]
    public void Murmur2_is_kafkas(string key, int hash)
    {
        unchecked((int)Partitioner.Murmur2(Encoding.UTF8.GetBytes(key))).ShouldBe(hash);
    }

    [Fact]
    public void A_negative_hash_chooses_a_partition_all_the_same()
    {
        Partitioner.Choose("21"u8, 7).ShouldBe((-973932308 & 0x7fffffff) % 7);
    }
}

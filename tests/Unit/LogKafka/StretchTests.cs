using Sluice.Log;
using Sluice.Log.Kafka.Reads;

namespace Sluice.Unit.LogKafka;

public sealed class StretchTests
{
    [Fact]
    public void A_reader_steps_over_offsets_without_records()
    {
        var builder = new RecordBatchBuilder();
        builder.Append(1, RecordBytes.Null, RecordBytes.Of("a"u8));
        var records = Stretch.Of(7, 8, builder.Build());
        byte[] bytes = [.. Stretch.Empty(5, 7).Bytes, .. records.Bytes, .. Stretch.Empty(8, 20).Bytes];
        var reader = new RecordReader(bytes, 5);
        reader.MoveNext().ShouldBeTrue();
        reader.Offset.ShouldBe(7);
        reader.MoveNext().ShouldBeFalse();
        reader.NextOffset.ShouldBe(20);
    }
}

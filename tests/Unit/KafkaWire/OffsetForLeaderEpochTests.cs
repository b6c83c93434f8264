using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.Unit.KafkaWire;

public sealed class OffsetForLeaderEpochTests
{
    private const short TransactionalBit = 0x10;
    private static readonly (KafkaError, int, long) s_nothing = (KafkaError.None, -1, -1);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task The_epoch_ends_at_the_end_whatever_transactions_are_open(short version)
    {
        await using var bed = await ApiBed.WithTopicAsync();
        await bed.AppendAsync("t", "a", "b");
        var open = ApiBed.Batch("c", "d").WithProducer(4711, 0, 0).WithAttributes(TransactionalBit);
        (await bed.Log.AppendAsync(new TopicPartition("t", 0), open, default)).Error.ShouldBe(AppendError.None);
        (await bed.Log.OffsetsAsync(new TopicPartition("t", 0), default)).End.ShouldBe(2, "of the committed records");
        (await AskAsync(bed, version, epoch: 0)).ShouldBe((KafkaError.None, 0, 4L));
    }

    [Fact]
    public async Task Of_other_epochs_and_partitions_nothing_is_known()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        (await AskAsync(bed, 4, epoch: 1)).ShouldBe(s_nothing);
        (await AskAsync(bed, 4, epoch: 0, currentEpoch: 1)).ShouldBe((KafkaError.UnknownLeaderEpoch, -1, -1L));
        (await AskAsync(bed, 4, epoch: 0, partition: 1)).ShouldBe((KafkaError.UnknownTopicOrPartition, -1, -1L));
    }

    private static async Task<(KafkaError Error, int Epoch, long End)> AskAsync(
        ApiBed bed, short version, int epoch, int currentEpoch = -1, int partition = 0)
    {
        var answer = await bed.AskAsync(OffsetForLeaderEpoch.Api, version, w =>
        {
            if (version >= 3) w.WriteInt32(-1);
            w.WriteArrayLength(1);
            w.WriteString("t");
            w.WriteArrayLength(1);
            foreach (var number in (int[])[partition, currentEpoch, epoch]) w.WriteInt32(number);
            w.WriteTags();
            w.WriteTags();
            w.WriteTags();
        });
        var reader = answer.Reader();
        (reader.ReadInt32(), reader.ReadArrayLength(), reader.ReadString(), reader.ReadArrayLength()).ShouldBe((0, 1, "t", 1));
        var error = (KafkaError)reader.ReadInt16();
        reader.ReadInt32().ShouldBe(partition);
        var found = (error, reader.ReadInt32(), reader.ReadInt64());
        for (var structures = 0; structures < 3; structures++) reader.SkipTags();
        reader.Remaining.ShouldBe(0);
        return found;
    }
}

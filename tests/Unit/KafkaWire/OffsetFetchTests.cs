using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.Unit.KafkaWire;

public sealed class OffsetFetchTests
{
    private const int Partitions = 500;
    private const int Producers = 40;

    [Fact]
    public async Task Only_the_partitions_and_groups_of_open_transactions_are_unstable()
    {
        await using var bed = await ApiBed.WithTopicAsync(partitions: 3);
        await KeepAsync(bed, "first", "g", 0);
        await KeepAsync(bed, "second", "g", 2);
        await KeepAsync(bed, "third", "other", 1);
        (await AskAsync(bed, isStableRequired: true, [0, 1, 2])).ShouldBe([KafkaError.UnstableOffsetCommit, KafkaError.None, KafkaError.UnstableOffsetCommit]);
        (await AskAsync(bed, isStableRequired: false, [0, 1, 2])).ShouldAllBe(error => error == KafkaError.None);
    }

    [Fact]
    public async Task A_stable_answer_costs_the_same_for_each_partition_however_many_producers_there_are()
    {
        await using var bed = new ApiBed();
        for (var n = 0; n < Producers; n++) await bed.Broker.Transactions.InitAsync($"id{n}", 60_000, null);
        var all = Enumerable.Range(0, Partitions).ToArray();
        for (var warm = 0; warm < 2; warm++) await AllocatedAsync(bed, isStableRequired: true, all);
        var (any, stable) = (await AllocatedAsync(bed, isStableRequired: false, all), await AllocatedAsync(bed, isStableRequired: true, all));
        (stable - any).ShouldBeLessThan(Partitions * 16, "of the heap, in bytes");
    }

    private static async Task<long> AllocatedAsync(ApiBed bed, bool isStableRequired, int[] partitions)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var asking = bed.AskAsync(OffsetFetch.Api, 7, w => Write(w, isStableRequired, partitions));
        asking.IsCompleted.ShouldBeTrue("nothing waits, so that the count of this thread is that of the request");
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        await asking;
        return allocated;
    }

    private static async Task KeepAsync(ApiBed bed, string id, string group, int partition)
    {
        var producer = await bed.Broker.Transactions.InitAsync(id, 60_000, null);
        var transaction = bed.Broker.Transactions.Find(id)!;
        (await transaction.AddGroupAsync(producer.ProducerId, producer.Epoch, group)).ShouldBe(KafkaError.None);
        var offset = new CommittedOffset(new TopicPartition("t", partition), 7, "");
        (await transaction.AddOffsetsAsync(producer.ProducerId, producer.Epoch, group, [offset])).ShouldBe(KafkaError.None);
    }

    private static async Task<KafkaError[]> AskAsync(ApiBed bed, bool isStableRequired, int[] partitions)
    {
        var reader = (await bed.AskAsync(OffsetFetch.Api, 7, w => Write(w, isStableRequired, partitions))).Reader();
        (reader.ReadInt32(), reader.ReadArrayLength(), reader.ReadString()).ShouldBe((0, 1, "t"));
        var errors = new KafkaError[reader.ReadArrayLength()];
        for (var p = 0; p < errors.Length; p++)
        {
            reader.ReadInt32();
            reader.ReadInt64();
            reader.ReadInt32();
            reader.ReadNullableString();
            errors[p] = (KafkaError)reader.ReadInt16();
            reader.SkipTags();
        }

        return errors;
    }

    private static void Write(KafkaWriter w, bool isStableRequired, int[] partitions)
    {
        w.WriteString("g");
        w.WriteArrayLength(1);
        w.WriteString("t");
        w.WriteInt32Array(partitions);
        w.WriteTags();
        w.WriteBool(isStableRequired);
        w.WriteTags();
    }
}

using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.Unit.KafkaWire;

public sealed class FetchTests
{
    [Theory]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(16)]
    public async Task Batches_are_served_as_they_lie_on_disk(short version)
    {
        await using var bed = await ApiBed.WithTopicAsync();
        await bed.AppendAsync("t", "a", "b");
        await bed.AppendAsync("t", "c");
        var stored = (await bed.Log.ReadAsync(new TopicPartition("t", 0), 0, int.MaxValue, default)).Bytes.ToArray();
        var fetched = await FetchAsync(bed, version, new FetchWish(Offset: 1));
        (fetched.Error, fetched.End, fetched.Start).ShouldBe((KafkaError.None, 3, version >= 5 ? 0 : -1));
        fetched.Batches.ShouldBe(stored);
    }

    [Fact]
    public async Task A_record_that_arrives_ends_the_wait()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var fetching = FetchAsync(bed, 12, waitMs: 60_000);
        fetching.IsCompleted.ShouldBeFalse();
        await bed.AppendAsync("t", "a");
        (await fetching).Batches.Length.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Without_records_the_answer_comes_after_the_wait_and_is_empty()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var fetching = FetchAsync(bed, 12, waitMs: 500);
        bed.Time.Advance(TimeSpan.FromMilliseconds(499));
        fetching.IsCompleted.ShouldBeFalse();
        bed.Time.Advance(TimeSpan.FromMilliseconds(1));
        var fetched = await fetching;
        (fetched.Error, fetched.Batches.Length).ShouldBe((KafkaError.None, 0));
    }

    [Fact]
    public async Task Fewer_bytes_than_asked_for_keep_waiting()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        await bed.AppendAsync("t", "a");
        var fetching = FetchAsync(bed, 12, waitMs: 500, bytesMin: 10_000);
        await bed.AppendAsync("t", "b");
        fetching.IsCompleted.ShouldBeFalse();
        await bed.AppendAsync("t", new string('x', 10_000));
        (await fetching).Batches.Length.ShouldBeGreaterThan(10_000);
    }

    [Fact]
    public async Task The_first_batch_is_sent_even_when_it_is_larger_than_asked_for()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        await bed.AppendAsync("t", new string('x', 10_000));
        await bed.AppendAsync("t", new string('y', 10_000));
        (await FetchAsync(bed, 12, bytesMax: 100)).Batches.Length.ShouldBeInRange(10_000, 11_000);
    }

    [Fact]
    public async Task What_cannot_be_read_is_told_at_once()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        (await FetchAsync(bed, 12, new FetchWish(Offset: 5), waitMs: 60_000)).Error.ShouldBe(KafkaError.OffsetOutOfRange);
        (await FetchAsync(bed, 12, new FetchWish(Partition: 5), waitMs: 60_000)).Error.ShouldBe(KafkaError.UnknownTopicOrPartition);
        (await FetchAsync(bed, 12, new FetchWish(LeaderEpoch: 3), waitMs: 60_000)).Error.ShouldBe(KafkaError.UnknownLeaderEpoch);
        (await FetchAsync(bed, 13, new FetchWish(Id: Guid.NewGuid()), waitMs: 60_000)).Error.ShouldBe(KafkaError.UnknownTopicId);
    }

    [Fact]
    public async Task A_topic_deleted_during_the_wait_ends_it()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var fetching = FetchAsync(bed, 12, waitMs: 60_000);
        await bed.Log.DeleteTopicAsync("t", default);
        (await fetching).Error.ShouldBe(KafkaError.UnknownTopicOrPartition);
    }

    [Fact]
    public async Task A_client_that_cannot_read_zstd_is_told_so()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var batch = Compressed();
        (await bed.Log.AppendAsync(new TopicPartition("t", 0), batch, default)).Error.ShouldBe(AppendError.None);
        (await FetchAsync(bed, 9)).Error.ShouldBe(KafkaError.UnsupportedCompressionType);
        (await FetchAsync(bed, 10)).Error.ShouldBe(KafkaError.None);
    }

    [Fact]
    public async Task The_end_of_a_closed_shard_is_waited_at_without_turning_in_circles()
    {
        await using var bed = new ApiBed();
        await bed.Log.CreateStreamAsync(new StreamSpec("t", 1, new StreamAttributes()), default);
        await bed.Log.SplitShardAsync("t", 0, UInt128.One << 127, a => a, default);
        var fetching = FetchAsync(bed, 12, waitMs: 500);
        fetching.IsCompleted.ShouldBeFalse();
        bed.Time.Advance(TimeSpan.FromMilliseconds(500));
        (await fetching).Batches.ShouldBeEmpty();
    }

    private static byte[] Compressed()
    {
        var plain = ApiBed.Batch("a");
        using var compressor = new ZstdSharp.Compressor();
        byte[] batch = [.. plain[..61], .. compressor.Wrap(plain.AsSpan(61))];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(8), batch.Length - 12);
        return batch.WithAttributes(4);
    }

    private static async Task<FetchedPart> FetchAsync(ApiBed bed, short version, FetchWish? wish = null, int waitMs = 0, int bytesMin = 1, int bytesMax = 1 << 20)
    {
        wish = (wish ?? new FetchWish()) with { BytesMax = bytesMax };
        var answer = await bed.FetchAsync(version, new FetchAsk { WaitMs = waitMs, BytesMin = bytesMin, BytesMax = bytesMax, Wishes = [wish] });
        (answer.Error, answer.SessionId).ShouldBe((KafkaError.None, 0));
        return answer.Part;
    }
}

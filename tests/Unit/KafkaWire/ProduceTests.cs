using System.Buffers.Binary;
using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.Unit.KafkaWire;

public sealed class ProduceTests
{
    private const int MaxTimestampAt = 35;
    private const short ControlBit = 0x20;
    private const short TransactionalBit = 0x10;
    private const short Zstd = 4;

    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(11)]
    public async Task A_batch_is_stored_as_it_came(short version)
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var batch = ApiBed.Batch("a", "b");
        (await ProduceAsync(bed, batch, version)).ShouldBe((KafkaError.None, 0));
        (await ProduceAsync(bed, batch, version)).ShouldBe((KafkaError.None, 2));
        var stored = (await bed.Log.ReadAsync(new TopicPartition("t", 0), 0, 1, default)).Bytes;
        stored.ToArray().ShouldBe(batch);
    }

    [Fact]
    public async Task Each_partition_has_an_answer_of_its_own()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var answer = await bed.AskAsync(Produce.Api, 9, w => Write(w, -1, ("t", 0, ApiBed.Batch("a")), ("t", 5, ApiBed.Batch("a")), ("none", 0, ApiBed.Batch("a"))));
        ReadAll(answer, 9).Select(a => a.Error).ShouldBe([KafkaError.None, KafkaError.UnknownTopicOrPartition, KafkaError.UnknownTopicOrPartition]);
    }

    [Fact]
    public async Task What_no_consumer_could_read_is_refused()
    {
        await using var bed = await ApiBed.WithTopicAsync(configs: ("max.message.bytes", "1000"));
        var batch = ApiBed.Batch("a");
        var damaged = batch.ToArray();
        damaged[^1] ^= 1;
        var old = batch.ToArray();
        old[16] = 1;
        (await ProduceAsync(bed, damaged)).Error.ShouldBe(KafkaError.CorruptMessage);
        (await ProduceAsync(bed, [])).Error.ShouldBe(KafkaError.CorruptMessage);
        (await ProduceAsync(bed, [.. batch, .. batch])).Error.ShouldBe(KafkaError.CorruptMessage);
        (await ProduceAsync(bed, old)).Error.ShouldBe(KafkaError.InvalidRecord);
        (await ProduceAsync(bed, batch.WithAttributes(ControlBit))).Error.ShouldBe(KafkaError.InvalidRecord);
        (await ProduceAsync(bed, batch.WithAttributes(TransactionalBit))).Error.ShouldBe(KafkaError.InvalidRequest);
        (await ProduceAsync(bed, batch.WithAttributes(Zstd), version: 6)).Error.ShouldBe(KafkaError.UnsupportedCompressionType);
        (await ProduceAsync(bed, ApiBed.Batch(new string('x', 2_000)))).Error.ShouldBe(KafkaError.MessageTooLarge);
        (await ProduceAsync(bed, batch, acks: 2)).Error.ShouldBe(KafkaError.InvalidRequiredAcks);
        (await bed.Log.OffsetsAsync(new TopicPartition("t", 0), default)).End.ShouldBe(0);
    }

    [Fact]
    public async Task A_kinesis_stream_takes_no_records_and_says_why()
    {
        await using var bed = new ApiBed();
        await bed.Log.CreateStreamAsync(new StreamSpec("s", 1, new StreamAttributes()), default);
        var answer = await bed.AskAsync(Produce.Api, 9, w => Write(w, -1, ("s", 0, ApiBed.Batch("a"))));
        var refused = ReadAll(answer, 9).Single();
        refused.Error.ShouldBe(KafkaError.TopicAuthorizationFailed);
        refused.Message.ShouldNotBeNull().ShouldContain("Kinesis");
    }

    [Fact]
    public async Task Without_acks_there_is_no_answer_and_a_refused_batch_ends_the_connection()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        (await bed.AskAsync(Produce.Api, 9, w => Write(w, 0, ("t", 0, ApiBed.Batch("a"))))).IsNone.ShouldBeTrue();
        await Should.ThrowAsync<InvalidDataException>(() => bed.AskAsync(Produce.Api, 9, w => Write(w, 0, ("t", 1, ApiBed.Batch("a")))));
    }

    [Fact]
    public async Task An_idempotent_batch_sent_again_is_answered_with_its_first_offset()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        for (var i = 0; i < 7; i++) (await ProduceAsync(bed, Stamped(i))).ShouldBe((KafkaError.None, i));
        for (var i = 2; i < 7; i++) (await ProduceAsync(bed, Stamped(i))).ShouldBe((KafkaError.None, i));
        (await ProduceAsync(bed, Stamped(1))).Error.ShouldBe(KafkaError.OutOfOrderSequenceNumber, "five batches are remembered");
        (await ProduceAsync(bed, Stamped(9))).Error.ShouldBe(KafkaError.OutOfOrderSequenceNumber);
        (await ProduceAsync(bed, Stamped(7))).ShouldBe((KafkaError.None, 7));
    }

    [Fact]
    public async Task A_new_epoch_begins_at_zero_and_shuts_out_the_old_one()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        await ProduceAsync(bed, Stamped(0));
        (await ProduceAsync(bed, Stamped(3, epoch: 1))).Error.ShouldBe(KafkaError.OutOfOrderSequenceNumber);
        (await ProduceAsync(bed, Stamped(0, epoch: 1))).ShouldBe((KafkaError.None, 1));
        (await ProduceAsync(bed, Stamped(1))).Error.ShouldBe(KafkaError.InvalidProducerEpoch);
    }

    [Fact]
    public async Task Append_time_is_told_where_the_topic_has_it_and_it_is_that_of_the_batch()
    {
        await using var bed = await ApiBed.WithTopicAsync(configs: ("message.timestamp.type", "LogAppendTime"));
        await bed.AddAsync("u");
        bed.Time.AutoAdvanceAmount = TimeSpan.FromSeconds(1);
        var first = await AppendTimeAsync(bed, "t", Stamped(0));
        var second = await AppendTimeAsync(bed, "t", Stamped(1));
        first.ShouldBe(StoredTime(bed, 0));
        second.ShouldBe(StoredTime(bed, 1));
        second.ShouldBeGreaterThan(first);
        (await AppendTimeAsync(bed, "t", Stamped(0))).ShouldBe(first, "a copy has the time of what it is a copy of");
        (await AppendTimeAsync(bed, "u", Stamped(0))).ShouldBe(-1);
        (await AppendTimeAsync(bed, "u", Stamped(0))).ShouldBe(-1);
    }

    [Fact]
    public async Task A_copy_of_what_retention_took_has_no_time()
    {
        await using var bed = await ApiBed.WithTopicAsync(configs: ("message.timestamp.type", "LogAppendTime"));
        await ProduceAsync(bed, Stamped(0));
        await bed.Log.DeleteRecordsAsync(new TopicPartition("t", 0), 1, default);
        (await AppendTimeAsync(bed, "t", Stamped(0))).ShouldBe(-1);
    }

    [Fact]
    public async Task A_topic_that_goes_after_its_batch_was_stored_is_unknown_and_the_others_are_answered()
    {
        await using var bed = await ApiBed.WithTopicAsync("going");
        await bed.AddAsync("t");
        var held = new HeldContext();
        var asking = held.RunAsync(() => bed.AskAsync(Produce.Api, 9, w => Write(w, -1, ("going", 0, ApiBed.Batch("a")), ("t", 0, ApiBed.Batch("a")))));
        // Both are stored, and what the API does next waits.
        await held.PostedAsync(2);
        await bed.Log.DeleteTopicAsync("going", default);
        held.Release();
        ReadAll(await asking, 9).Select(a => a.Error).ShouldBe([KafkaError.UnknownTopicOrPartition, KafkaError.None]);
    }

    [Fact]
    public async Task Producer_ids_are_given_once_over_restarts()
    {
        await using var bed = new ApiBed();
        var seen = new HashSet<long>();
        for (var run = 0; run < 3; run++, await bed.ReopenAsync())
        {
            for (var i = 0; i < 1_500; i++) seen.Add((await InitAsync(bed)).Id).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task Two_producers_that_bring_the_same_id_get_one_each()
    {
        await using var bed = new ApiBed();
        var (first, second) = (await InitAsync(bed, 0, 0), await InitAsync(bed, 0, 0));
        second.Id.ShouldNotBe(first.Id);
        (first.Epoch, second.Epoch).ShouldBe(((short)0, (short)0));
    }

    private static async Task<long> AppendTimeAsync(ApiBed bed, string topic, byte[] batch)
    {
        var told = ReadAll(await bed.AskAsync(Produce.Api, 3, w => Write(w, -1, (topic, 0, batch))), 3).Single();
        told.Error.ShouldBe(KafkaError.None);
        return told.AppendTimeMs;
    }

    private static long StoredTime(ApiBed bed, long offset)
    {
        var stored = Log.LogFixture.AtOnce(bed.Log.FetchAsync(new TopicPartition("t", 0), offset, 1, ReadIsolation.Uncommitted, default));
        return BinaryPrimitives.ReadInt64BigEndian(stored.Bytes.Span[MaxTimestampAt..]);
    }

    private static byte[] Stamped(int sequence, short epoch = 0) => ApiBed.Batch($"v{sequence}").WithProducer(4711, epoch, sequence);

    private static async Task<(long Id, short Epoch)> InitAsync(ApiBed bed, long id = -1, short epoch = -1)
    {
        var answer = await bed.AskAsync(InitProducerId.Api, 4, w =>
        {
            w.WriteNullableString(null);
            w.WriteInt32(1_000);
            w.WriteInt64(id);
            w.WriteInt16(epoch);
            w.WriteTags();
        });
        var reader = answer.Reader();
        reader.ReadInt32();
        reader.ReadInt16().ShouldBe((short)0);
        return (reader.ReadInt64(), reader.ReadInt16());
    }

    private static async Task<(KafkaError Error, long Offset)> ProduceAsync(ApiBed bed, byte[] batch, short version = 9, short acks = -1)
    {
        var answer = await bed.AskAsync(Produce.Api, version, w => Write(w, acks, ("t", 0, batch)));
        var (error, offset, _, _) = ReadAll(answer, version).Single();
        return (error, offset);
    }

    private static void Write(KafkaWriter w, short acks, params (string Topic, int Partition, byte[] Batch)[] parts)
    {
        w.WriteNullableString(null);
        w.WriteInt16(acks);
        w.WriteInt32(1_000);
        w.WriteArrayLength(parts.Length);
        foreach (var (topic, partition, batch) in parts)
        {
            w.WriteString(topic);
            w.WriteArrayLength(1);
            w.WriteInt32(partition);
            w.WriteBytes(batch);
            w.WriteTags();
            w.WriteTags();
        }

        w.WriteTags();
    }

    private static List<(KafkaError Error, long Offset, long AppendTimeMs, string? Message)> ReadAll(Answer answer, short version)
    {
        var reader = answer.Reader();
        var all = new List<(KafkaError, long, long, string?)>();
        for (var topics = reader.ReadArrayLength(); topics > 0; topics--)
        {
            reader.ReadString();
            for (var parts = reader.ReadArrayLength(); parts > 0; parts--)
            {
                reader.ReadInt32();
                var (error, offset, appendTimeMs) = ((KafkaError)reader.ReadInt16(), reader.ReadInt64(), reader.ReadInt64());
                if (version >= 5) reader.ReadInt64();
                if (version >= 8) reader.ReadArrayLength().ShouldBe(0);
                all.Add((error, offset, appendTimeMs, version >= 8 ? reader.ReadNullableString() : null));
                reader.SkipTags();
            }

            reader.SkipTags();
        }

        reader.ReadInt32().ShouldBe(0);
        reader.SkipTags();
        reader.Remaining.ShouldBe(0);
        return all;
    }
}

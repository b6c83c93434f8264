using Sluice.KafkaWire;
using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.Unit.KafkaWire;

public sealed class TopicApiTests
{
    [Fact]
    public async Task An_unknown_topic_is_created_where_client_and_broker_allow_it()
    {
        await using var bed = new ApiBed();
        (await MetadataAsync(bed, "new", mayCreate: false)).Error.ShouldBe(KafkaError.UnknownTopicOrPartition);
        var created = await MetadataAsync(bed, "new", mayCreate: true);
        (created.Error, created.Partitions).ShouldBe((KafkaError.None, 1));
        (await MetadataAsync(bed, "not a name", mayCreate: true)).Error.ShouldBe(KafkaError.InvalidTopic);

        await using var strict = new ApiBed(new KafkaOptions { AutoCreateTopics = false });
        (await MetadataAsync(strict, "new", mayCreate: true)).Error.ShouldBe(KafkaError.UnknownTopicOrPartition);
    }

    [Fact]
    public async Task A_topic_keeps_its_id_over_restarts()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        var id = (await MetadataAsync(bed, "t", mayCreate: false)).Id;
        var cluster = bed.Broker.ClusterId;
        await bed.ReopenAsync();
        (await MetadataAsync(bed, "t", mayCreate: false)).Id.ShouldBe(id);
        bed.Broker.ClusterId.ShouldBe(cluster);
        (await bed.Broker.Topics.FindAsync(id, default))!.Name.ShouldBe("t");
        await bed.Log.DeleteTopicAsync("t", default);
        (await bed.Broker.Topics.FindAsync(id, default)).ShouldBeNull();
    }

    [Fact]
    public async Task Topics_are_created_with_their_configs_or_refused_for_a_reason()
    {
        await using var bed = new ApiBed();
        (await CreateAsync(bed, "a", 3, 1, ("retention.ms", "1000"))).Error.ShouldBe(KafkaError.None);
        (await bed.Log.FindTopicAsync("a", default))!.PartitionCount.ShouldBe(3);
        (await CreateAsync(bed, "a", 3, 1)).Error.ShouldBe(KafkaError.TopicAlreadyExists);
        (await CreateAsync(bed, "b", 1, 3)).Error.ShouldBe(KafkaError.InvalidReplicationFactor);
        (await CreateAsync(bed, "b", 0, 1)).Error.ShouldBe(KafkaError.InvalidPartitions);
        (await CreateAsync(bed, "b", 1, 1, ("retention.ms", "soon"))).Error.ShouldBe(KafkaError.InvalidConfig);
        (await CreateAsync(bed, "b", 1, 1, ("cleanup.policy", "shrink"))).Error.ShouldBe(KafkaError.InvalidConfig);
        (await CreateAsync(bed, "b!", 1, 1)).Error.ShouldBe(KafkaError.InvalidTopic);
        (await CreateAsync(bed, "c", -1, -1)).Error.ShouldBe(KafkaError.None);
        (await bed.Log.FindTopicAsync("b", default)).ShouldBeNull();
    }

    [Fact]
    public async Task A_topic_gets_more_partitions_that_outlive_a_restart()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        (await PartitionsAsync(bed, "t", 1)).ShouldBe(KafkaError.InvalidPartitions);
        (await PartitionsAsync(bed, "none", 2)).ShouldBe(KafkaError.UnknownTopicOrPartition);
        (await PartitionsAsync(bed, "t", 3)).ShouldBe(KafkaError.None);
        (await bed.Log.AppendAsync(new TopicPartition("t", 2), ApiBed.Batch("a"), default)).Error.ShouldBe(AppendError.None);
        await bed.ReopenAsync();
        (await bed.Log.OffsetsAsync(new TopicPartition("t", 2), default)).End.ShouldBe(1);
    }

    [Fact]
    public async Task Configs_are_set_deleted_and_in_force()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        (await AlterAsync(bed, "t", ("max.message.bytes", 0, "100"), ("retention.ms", 0, "5000"))).ShouldBe(KafkaError.None);
        (await bed.Log.AppendAsync(new TopicPartition("t", 0), ApiBed.Batch(new string('x', 200)), default)).Error.ShouldBe(AppendError.MessageTooLarge);
        bed.Log.TopicSettings("t")!.Single(s => s.Name == "retention.ms").ShouldBe(new TopicSetting("retention.ms", "5000", IsOfTopic: true, IsOfLog: false));
        (await AlterAsync(bed, "t", ("max.message.bytes", 1, null), ("retention.ms", 0, "x"))).ShouldBe(KafkaError.InvalidConfig);
        (await AlterAsync(bed, "t", ("max.message.bytes", 1, null))).ShouldBe(KafkaError.None);
        await bed.AppendAsync("t", new string('x', 200));
        await bed.ReopenAsync();
        bed.Log.TopicSettings("t")!.Single(s => s.Name == "retention.ms").Value.ShouldBe("5000");
        (await AlterAsync(bed, "none", ("retention.ms", 0, "1"))).ShouldBe(KafkaError.UnknownTopicOrPartition);
    }

    [Fact]
    public async Task A_kinesis_stream_is_neither_deleted_nor_changed_over_kafka()
    {
        await using var bed = new ApiBed();
        await bed.Log.CreateStreamAsync(new StreamSpec("s", 1, new StreamAttributes()), default);
        (await DeleteAsync(bed, "s")).ShouldBe(KafkaError.TopicAuthorizationFailed);
        (await AlterAsync(bed, "s", ("retention.ms", 0, "1"))).ShouldBe(KafkaError.TopicAuthorizationFailed);
        (await PartitionsAsync(bed, "s", 2)).ShouldBe(KafkaError.TopicAuthorizationFailed);
        bed.Log.FindStream("s").ShouldNotBeNull();
    }

    [Fact]
    public async Task Deleting_a_topic_deletes_it_once()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        (await DeleteAsync(bed, "t")).ShouldBe(KafkaError.None);
        (await DeleteAsync(bed, "t")).ShouldBe(KafkaError.UnknownTopicOrPartition);
    }

    [Fact]
    public async Task Records_below_an_offset_are_deleted_for_good()
    {
        await using var bed = await ApiBed.WithTopicAsync(configs: ("segment.bytes", "200"));
        for (var i = 0; i < 10; i++) await bed.AppendAsync("t", $"value {i} {new string('x', 60)}");
        (await DeleteRecordsAsync(bed, 4)).ShouldBe((KafkaError.None, 4));
        (await DeleteRecordsAsync(bed, 2)).ShouldBe((KafkaError.None, 4));
        (await DeleteRecordsAsync(bed, 11)).Error.ShouldBe(KafkaError.OffsetOutOfRange);
        await bed.ReopenAsync();
        (await bed.Log.OffsetsAsync(new TopicPartition("t", 0), default)).ShouldBe(new PartitionOffsets(4, 10));
        (await DeleteRecordsAsync(bed, -1)).ShouldBe((KafkaError.None, 10));
        bed.Log.SizeOf(new TopicPartition("t", 0)).ShouldBe(0);
        await bed.AppendAsync("t", "after");
        (await bed.Log.OffsetsAsync(new TopicPartition("t", 0), default)).ShouldBe(new PartitionOffsets(10, 11));
    }

    [Theory]
    [InlineData(-1L, 3L, -1L)]
    [InlineData(-2L, 0L, -1L)]
    [InlineData(-3L, 1L, 2_000L)]
    [InlineData(-4L, 0L, -1L)]
    [InlineData(0L, 0L, 1_000L)]
    [InlineData(1_001L, 1L, 2_000L)]
    [InlineData(2_001L, -1L, -1L)]
    public async Task Offsets_are_listed_by_their_kind_or_timestamp(long asked, long offset, long timestampMs)
    {
        await using var bed = await ApiBed.WithTopicAsync();
        foreach (var ms in (long[])[1_000, 2_000, 1_500])
        {
            var builder = new RecordBatchBuilder();
            builder.Append(ms, RecordBytes.Null, RecordBytes.Null);
            await bed.Log.AppendAsync(new TopicPartition("t", 0), builder.Build().ToArray(), default);
        }

        var answer = await bed.AskAsync(ListOffsets.Api, 7, w =>
        {
            w.WriteInt32(-1);
            w.WriteInt8(0);
            w.WriteArrayLength(1);
            w.WriteString("t");
            w.WriteArrayLength(1);
            w.WriteInt32(0);
            w.WriteInt32(-1);
            w.WriteInt64(asked);
            w.WriteTags();
            w.WriteTags();
            w.WriteTags();
        });
        var reader = answer.Reader();
        reader.ReadInt32();
        reader.ReadArrayLength();
        reader.ReadString();
        reader.ReadArrayLength();
        reader.ReadInt32();
        reader.ReadInt16().ShouldBe((short)0);
        reader.ReadInt64().ShouldBe(timestampMs);
        reader.ReadInt64().ShouldBe(offset);
    }

    private static async Task<(KafkaError Error, Guid Id, int Partitions)> MetadataAsync(ApiBed bed, string topic, bool mayCreate)
    {
        var answer = await bed.AskAsync(Metadata.Api, 12, w =>
        {
            w.WriteArrayLength(1);
            w.WriteUuid(Guid.Empty);
            w.WriteNullableString(topic);
            w.WriteTags();
            w.WriteBool(mayCreate);
            w.WriteBool(false);
            w.WriteTags();
        });
        var reader = answer.Reader();
        reader.ReadInt32();
        reader.ReadArrayLength().ShouldBe(1);
        (reader.ReadInt32(), reader.ReadString(), reader.ReadInt32(), reader.ReadNullableString()).ShouldBe((1, "127.0.0.1", 9092, null));
        reader.SkipTags();
        reader.ReadNullableString().ShouldBe(bed.Broker.ClusterId);
        reader.ReadInt32().ShouldBe(1);
        reader.ReadArrayLength().ShouldBe(1);
        var error = (KafkaError)reader.ReadInt16();
        reader.ReadNullableString().ShouldBe(topic);
        var id = reader.ReadUuid();
        reader.ReadBool().ShouldBeFalse();
        return (error, id, reader.ReadArrayLength());
    }

    private static async Task<(KafkaError Error, string? Message)> CreateAsync(
        ApiBed bed, string topic, int partitions, short replicas, params (string Name, string Value)[] configs)
    {
        var answer = await bed.AskAsync(CreateTopics.Api, 7, w =>
        {
            w.WriteArrayLength(1);
            w.WriteString(topic);
            w.WriteInt32(partitions);
            w.WriteInt16(replicas);
            w.WriteArrayLength(0);
            w.WriteArrayLength(configs.Length);
            foreach (var (name, value) in configs)
            {
                w.WriteString(name);
                w.WriteNullableString(value);
                w.WriteTags();
            }

            w.WriteTags();
            w.WriteInt32(1_000);
            w.WriteBool(false);
            w.WriteTags();
        });
        var reader = answer.Reader();
        reader.ReadInt32();
        reader.ReadArrayLength().ShouldBe(1);
        reader.ReadString().ShouldBe(topic);
        reader.ReadUuid();
        return ((KafkaError)reader.ReadInt16(), reader.ReadNullableString());
    }

    private static async Task<KafkaError> DeleteAsync(ApiBed bed, string topic)
    {
        var answer = await bed.AskAsync(DeleteTopics.Api, 5, w =>
        {
            w.WriteArrayLength(1);
            w.WriteString(topic);
            w.WriteInt32(1_000);
            w.WriteTags();
        });
        var reader = answer.Reader();
        reader.ReadInt32();
        reader.ReadArrayLength().ShouldBe(1);
        reader.ReadString().ShouldBe(topic);
        return (KafkaError)reader.ReadInt16();
    }

    private static async Task<KafkaError> PartitionsAsync(ApiBed bed, string topic, int count)
    {
        var answer = await bed.AskAsync(CreatePartitions.Api, 3, w =>
        {
            w.WriteArrayLength(1);
            w.WriteString(topic);
            w.WriteInt32(count);
            w.WriteNullArray();
            w.WriteTags();
            w.WriteInt32(1_000);
            w.WriteBool(false);
            w.WriteTags();
        });
        var reader = answer.Reader();
        reader.ReadInt32();
        reader.ReadArrayLength().ShouldBe(1);
        reader.ReadString().ShouldBe(topic);
        return (KafkaError)reader.ReadInt16();
    }

    private static async Task<KafkaError> AlterAsync(ApiBed bed, string topic, params (string Name, sbyte Operation, string? Value)[] changes)
    {
        var answer = await bed.AskAsync(IncrementalAlterConfigs.Api, 1, w =>
        {
            w.WriteArrayLength(1);
            w.WriteInt8(2);
            w.WriteString(topic);
            w.WriteArrayLength(changes.Length);
            foreach (var (name, operation, value) in changes)
            {
                w.WriteString(name);
                w.WriteInt8(operation);
                w.WriteNullableString(value);
                w.WriteTags();
            }

            w.WriteTags();
            w.WriteBool(false);
            w.WriteTags();
        });
        var reader = answer.Reader();
        reader.ReadInt32();
        reader.ReadArrayLength().ShouldBe(1);
        return (KafkaError)reader.ReadInt16();
    }

    private static async Task<(KafkaError Error, long Start)> DeleteRecordsAsync(ApiBed bed, long before)
    {
        var answer = await bed.AskAsync(DeleteRecords.Api, 2, w =>
        {
            w.WriteArrayLength(1);
            w.WriteString("t");
            w.WriteArrayLength(1);
            w.WriteInt32(0);
            w.WriteInt64(before);
            w.WriteTags();
            w.WriteTags();
            w.WriteInt32(1_000);
            w.WriteTags();
        });
        var reader = answer.Reader();
        reader.ReadInt32();
        reader.ReadArrayLength();
        reader.ReadString();
        reader.ReadArrayLength();
        reader.ReadInt32();
        var start = reader.ReadInt64();
        return ((KafkaError)reader.ReadInt16(), start);
    }
}

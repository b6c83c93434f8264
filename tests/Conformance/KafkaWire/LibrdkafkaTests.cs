using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Sluice.KafkaWire;

namespace Sluice.Conformance.KafkaWire;

/// <summary>Confluent.Kafka, which is librdkafka 2, as producer, consumer and administrator.</summary>
public sealed class LibrdkafkaTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(CompressionType.None)]
    [InlineData(CompressionType.Gzip)]
    [InlineData(CompressionType.Snappy)]
    [InlineData(CompressionType.Lz4)]
    [InlineData(CompressionType.Zstd)]
    public async Task Records_come_back_as_they_were_sent(CompressionType codec)
    {
        await using var bed = await BrokerBed.StartAsync();
        await bed.WithTopicAsync("t");
        const int Count = 2_000;
        using (var producer = bed.Producer(c => c.CompressionType = codec))
        {
            for (var i = 0; i < Count; i++) producer.Produce("t", MessageOf(i));
            producer.Flush(s_patience).ShouldBe(0);
        }

        using var consumer = bed.Consumer("g");
        consumer.Assign(new TopicPartitionOffset("t", 0, 0));
        var read = ReadToEnd(consumer, partitions: 1);
        read.Count.ShouldBe(Count);
        for (var i = 0; i < Count; i++)
        {
            var (sent, got) = (MessageOf(i), read[i].Message);
            (got.Key, got.Value, got.Timestamp.UnixTimestampMs).ShouldBe((sent.Key, sent.Value, sent.Timestamp.UnixTimestampMs));
            got.Headers.Single().GetValueBytes().ShouldBe(sent.Headers.Single().GetValueBytes());
        }
    }

    [Fact]
    public async Task Two_consumers_share_the_partitions_and_the_one_left_takes_over()
    {
        await using var bed = await BrokerBed.StartAsync();
        await bed.WithTopicAsync("t", 4);
        using var a = bed.Consumer("g");
        a.Subscribe("t");
        PollUntil([a], () => a.Assignment.Count == 4);
        using (var b = bed.Consumer("g"))
        {
            b.Subscribe("t");
            PollUntil([a, b], () => a.Assignment.Count == 2 && b.Assignment.Count == 2);
            b.Close();
        }

        PollUntil([a], () => a.Assignment.Count == 4);
        a.Close();
    }

    [Fact]
    public async Task Consumers_that_hand_partitions_over_one_by_one_share_them_too()
    {
        await using var bed = await BrokerBed.StartAsync();
        await bed.WithTopicAsync("t", 4);
        void Cooperative(ConsumerConfig c) => c.PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky;
        using var a = bed.Consumer("g", Cooperative);
        using var b = bed.Consumer("g", Cooperative);
        a.Subscribe("t");
        PollUntil([a], () => a.Assignment.Count == 4);
        b.Subscribe("t");
        PollUntil([a, b], () => a.Assignment.Count == 2 && b.Assignment.Count == 2);
        a.Close();
        b.Close();
    }

    [Fact]
    public async Task A_group_goes_on_where_it_committed_over_a_restart_of_the_broker()
    {
        await using var bed = await BrokerBed.StartAsync();
        await bed.WithTopicAsync("t");
        using (var producer = bed.Producer())
        {
            for (var i = 0; i < 10; i++) await producer.ProduceAsync("t", MessageOf(i));
        }

        using (var consumer = bed.Consumer("g"))
        {
            consumer.Subscribe("t");
            for (var i = 0; i < 4;)
            {
                if (consumer.Consume(s_patience) is not { IsPartitionEOF: false } result) continue;
                result.Offset.Value.ShouldBe(i++);
                consumer.Commit(result);
            }

            consumer.Close();
        }

        await bed.RestartAsync();
        using var again = bed.Consumer("g");
        again.Subscribe("t");
        ReadToEnd(again, partitions: 1).Select(r => r.Offset.Value).ShouldBe([4, 5, 6, 7, 8, 9]);
        again.Committed([new TopicPartition("t", 0)], s_patience).Single().Offset.Value.ShouldBe(4);
        again.Close();
    }

    [Fact]
    public async Task An_idempotent_producer_writes_each_record_once_and_in_order_through_restarts_of_the_broker()
    {
        await using var bed = await BrokerBed.StartAsync();
        await bed.WithTopicAsync("t");
        const int Count = 3_000;
        var failed = new List<Error>();
        using (var producer = bed.Producer(c => (c.EnableIdempotence, c.MessageTimeoutMs, c.ReconnectBackoffMs, c.ReconnectBackoffMaxMs) = (true, 60_000, 10, 100)))
        {
            for (var i = 0; i < Count; i++)
            {
                producer.Produce("t", MessageOf(i), report =>
                {
                    if (report.Error.IsError) failed.Add(report.Error);
                });
                if (i % 1_000 == 500) await bed.RestartAsync();
            }

            producer.Flush(TimeSpan.FromSeconds(60)).ShouldBe(0);
        }

        failed.ShouldBeEmpty();
        using var consumer = bed.Consumer("g");
        consumer.Assign(new TopicPartitionOffset("t", 0, 0));
        ReadToEnd(consumer, partitions: 1).Select(r => r.Message.Key).ShouldBe(Enumerable.Range(0, Count).Select(i => MessageOf(i).Key));
    }

    [Fact]
    public async Task Topics_are_administered()
    {
        await using var bed = await BrokerBed.StartAsync();
        using var admin = bed.Admin();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = "t", NumPartitions = 2, Configs = new() { ["retention.ms"] = "9000" } }]);
        (await Should.ThrowAsync<CreateTopicsException>(() => admin.CreateTopicsAsync([new TopicSpecification { Name = "t" }])))
            .Results.Single().Error.Code.ShouldBe(ErrorCode.TopicAlreadyExists);
        await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = "t", IncreaseTo = 3 }]);
        admin.GetMetadata("t", s_patience).Topics.Single().Partitions.Count.ShouldBe(3);

        var resource = new ConfigResource { Type = ResourceType.Topic, Name = "t" };
        var entry = new ConfigEntry { Name = "retention.ms", Value = "8000", IncrementalOperation = AlterConfigOpType.Set };
        await admin.IncrementalAlterConfigsAsync(new() { [resource] = [entry] });
        var described = (await admin.DescribeConfigsAsync([resource])).Single().Entries;
        described["retention.ms"].Value.ShouldBe("8000");
        described["segment.bytes"].Source.ShouldBe(ConfigSource.DefaultConfig);
        await admin.AlterConfigsAsync(new() { [resource] = [new ConfigEntry { Name = "retention.ms", Value = "7000" }] });
        var broker = new ConfigResource { Type = ResourceType.Broker, Name = "1" };
        (await admin.DescribeConfigsAsync([broker])).Single().Entries["num.partitions"].Value.ShouldBe("1");
        (await admin.DescribeClusterAsync()).Nodes.Single().Port.ShouldBe(bed.Port);

        await admin.DeleteTopicsAsync(["t"]);
        (await bed.Log.FindTopicAsync("t", default)).ShouldBeNull();
    }

    [Fact]
    public async Task Offsets_records_and_groups_are_administered()
    {
        await using var bed = await BrokerBed.StartAsync();
        await bed.WithTopicAsync("t");
        using (var producer = bed.Producer())
        {
            for (var i = 0; i < 5; i++) await producer.ProduceAsync("t", MessageOf(i));
        }

        using var admin = bed.Admin();
        var partition = new TopicPartition("t", 0);
        async Task<long> ListAsync(OffsetSpec spec) =>
            (await admin.ListOffsetsAsync([new TopicPartitionOffsetSpec { TopicPartition = partition, OffsetSpec = spec }])).ResultInfos.Single()
            .TopicPartitionOffsetError.Offset.Value;
        (await ListAsync(OffsetSpec.Latest())).ShouldBe(5);
        (await ListAsync(OffsetSpec.MaxTimestamp())).ShouldBe(4);
        (await ListAsync(OffsetSpec.ForTimestamp(MessageOf(2).Timestamp.UnixTimestampMs))).ShouldBe(2);
        (await admin.DeleteRecordsAsync([new TopicPartitionOffset(partition, 3)])).Single().Offset.Value.ShouldBe(3);
        (await ListAsync(OffsetSpec.Earliest())).ShouldBe(3);

        using (var consumer = bed.Consumer("g"))
        {
            consumer.Subscribe("t");
            PollUntil([consumer], () => consumer.Assignment.Count == 1);
            consumer.Commit([new TopicPartitionOffset(partition, 4)]);
            var group = (await admin.DescribeConsumerGroupsAsync(["g"])).ConsumerGroupDescriptions.Single();
            group.State.ShouldBe(ConsumerGroupState.Stable);
            group.Members.Single().Assignment.TopicPartitions.ShouldBe([partition]);
            (await Should.ThrowAsync<DeleteGroupsException>(() => admin.DeleteGroupsAsync(["g"]))).Results.Single().Error.Code.ShouldBe(ErrorCode.NonEmptyGroup);
            consumer.Close();
        }

        (await admin.ListConsumerGroupsAsync()).Valid.Select(g => g.GroupId).ShouldBe(["g"]);
        (await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions("g", [partition])])).Single().Partitions.Single().Offset.Value.ShouldBe(4);
        await admin.DeleteConsumerGroupOffsetsAsync("g", [partition]);
        await admin.AlterConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitionOffsets("g", [new TopicPartitionOffset(partition, 3)])]);
        await admin.DeleteGroupsAsync(["g"]);
        (await admin.ListConsumerGroupsAsync()).Valid.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(SaslMechanism.Plain)]
    [InlineData(SaslMechanism.ScramSha256)]
    [InlineData(SaslMechanism.ScramSha512)]
    public async Task A_user_with_the_right_password_gets_in(SaslMechanism mechanism)
    {
        var users = new Dictionary<string, string> { ["ann"] = "secret" };
        await using var bed = await BrokerBed.StartAsync(new KafkaOptions { SaslUsers = users });
        await bed.WithTopicAsync("t");
        using var producer = bed.Producer(c =>
            (c.SecurityProtocol, c.SaslMechanism, c.SaslUsername, c.SaslPassword) = (SecurityProtocol.SaslPlaintext, mechanism, "ann", "secret"));
        (await producer.ProduceAsync("t", MessageOf(0))).Offset.Value.ShouldBe(0);
    }

    [Fact]
    public async Task Tls_with_a_certificate_that_the_client_knows_carries_user_and_password()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        var users = new Dictionary<string, string> { ["ann"] = "secret" };
        await using var bed = await BrokerBed.StartAsync(new KafkaOptions { SaslUsers = users, Certificate = certificate });
        await bed.WithTopicAsync("t");
        using var producer = bed.Producer(c =>
        {
            (c.SecurityProtocol, c.SaslMechanism, c.SaslUsername, c.SaslPassword) = (SecurityProtocol.SaslSsl, SaslMechanism.Plain, "ann", "secret");
            c.SslCaPem = certificate.ExportCertificatePem();
        });
        (await producer.ProduceAsync("t", MessageOf(0))).Offset.Value.ShouldBe(0);
    }

    private static Message<string, string> MessageOf(int i) => new()
    {
        Key = i.ToString(CultureInfo.InvariantCulture),
        Value = $"value {i} {new string('x', i % 100)}",
        Timestamp = new Timestamp(1_700_000_000_000 + i, TimestampType.CreateTime),
        Headers = new Headers { { "h", BitConverter.GetBytes(i) } },
    };

    private static List<ConsumeResult<string, string>> ReadToEnd(IConsumer<string, string> consumer, int partitions)
    {
        var read = new List<ConsumeResult<string, string>>();
        for (var ends = 0; ends < partitions;)
        {
            var result = consumer.Consume(s_patience).ShouldNotBeNull("nothing came in time");
            if (result.IsPartitionEOF) ends++;
            else read.Add(result);
        }

        return read;
    }

    private static void PollUntil(IConsumer<string, string>[] consumers, Func<bool> isReached)
    {
        for (var turn = 0; !isReached(); turn++)
        {
            turn.ShouldBeLessThan(1_200, "the group did not come to rest");
            foreach (var consumer in consumers) consumer.Consume(TimeSpan.FromMilliseconds(25));
        }
    }
}

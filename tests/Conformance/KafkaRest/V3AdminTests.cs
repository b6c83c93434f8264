using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Sluice.Conformance.KafkaRest;

/// <summary>What v3 tells of the cluster, and that the broker's clients are told the same.</summary>
public sealed class V3AdminTests : IAsyncLifetime
{
    private ClusterBed _bed = null!;

    public async ValueTask InitializeAsync() => _bed = await ClusterBed.StartAsync();

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task The_cluster_and_its_broker_are_those_that_a_kafka_client_sees()
    {
        using var admin = Admin();
        var seen = await admin.DescribeClusterAsync();
        (await _bed.GetAsync("")).GetProperty("cluster_id").GetString().ShouldBe(seen.ClusterId);
        var broker = (await _bed.GetAsync("/brokers")).GetProperty("data")[0];
        (broker.GetProperty("broker_id").GetInt32(), broker.GetProperty("host").GetString(), broker.GetProperty("port").GetInt32())
            .ShouldBe((seen.Nodes[0].Id, seen.Nodes[0].Host, seen.Nodes[0].Port));
    }

    [Fact]
    public async Task A_consumer_of_kafka_is_a_member_with_its_partitions_and_its_lag()
    {
        await _bed.SendAsync("POST", "/v2/topics/three/partitions/1", """{"records":[{"value":1},{"value":2}]}""", "application/vnd.kafka.json.v2+json");
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
        {
            BootstrapServers = _bed.BootstrapServers,
            GroupId = "team/a",
            ClientId = "reader",
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnableAutoCommit = false,
        }).SetLogHandler((_, _) => { }).Build();
        consumer.Subscribe("three");
        consumer.Commit(consumer.Consume(TimeSpan.FromSeconds(30)).ShouldNotBeNull());

        const string Group = "/consumer-groups/team%2Fa";
        var group = await _bed.GetAsync(Group);
        (group.GetProperty("state").GetString(), group.GetProperty("partition_assignor").GetString(), group.GetProperty("is_simple").GetBoolean())
            .ShouldBe(("STABLE", "range", false));
        var member = (await _bed.GetAsync(Group + "/consumers")).GetProperty("data").EnumerateArray().Single();
        (member.GetProperty("consumer_id").GetString(), member.GetProperty("client_id").GetString()).ShouldBe((consumer.MemberId, "reader"));
        (await _bed.GetAsync($"{Group}/consumers/{consumer.MemberId}/assignments")).GetProperty("data").EnumerateArray()
            .Select(a => a.GetProperty("partition_id").GetInt32()).ShouldBe([0, 1, 2]);
        var lag = await _bed.GetAsync(Group + "/lags/three/partitions/1");
        (lag.GetProperty("current_offset").GetInt64(), lag.GetProperty("log_end_offset").GetInt64(), lag.GetProperty("lag").GetInt64()).ShouldBe((1, 2, 1));
        lag.GetProperty("consumer_id").GetString().ShouldBe(consumer.MemberId);
        consumer.Close();
        (await _bed.GetAsync(Group)).GetProperty("state").GetString().ShouldBe("EMPTY");
    }

    [Fact]
    public async Task A_v2_instance_is_a_member_and_the_group_that_keeps_it_is_not_shown()
    {
        await _bed.ReadOneOfThreeAsync();
        (await _bed.GetAsync("/consumer-groups")).GetProperty("data").EnumerateArray().Select(g => g.GetProperty("consumer_group_id").GetString())
            .ShouldBe(["g"]);
        (await _bed.SendAsync("GET", "/consumer-groups/rest-instance%2Fg%2Fm")).Status.ShouldBe(404);
        var summary = await _bed.GetAsync("/consumer-groups/g/lag-summary");
        (summary.GetProperty("max_lag").GetInt64(), summary.GetProperty("total_lag").GetInt64(), summary.GetProperty("max_lag_consumer_id").GetString())
            .ShouldBe((2, 2, "m"));
    }

    [Fact]
    public async Task A_config_is_set_shown_with_its_source_and_reset()
    {
        const string Retention = "/topics/one/configs/retention.ms";
        (await _bed.GetAsync(Retention)).GetProperty("source").GetString().ShouldBe("DEFAULT_CONFIG");
        (await _bed.SendAsync("PUT", Retention, """{"value":"60000"}""")).Status.ShouldBe(204);
        var set = await _bed.GetAsync(Retention);
        (set.GetProperty("value").GetString(), set.GetProperty("source").GetString(), set.GetProperty("is_default").GetBoolean())
            .ShouldBe(("60000", "DYNAMIC_TOPIC_CONFIG", false));
        using var admin = Admin();
        var seen = await admin.DescribeConfigsAsync([new ConfigResource { Type = ResourceType.Topic, Name = "one" }]);
        seen[0].Entries["retention.ms"].Value.ShouldBe("60000");
        (await _bed.SendAsync("DELETE", Retention)).Status.ShouldBe(204);
        (await _bed.GetAsync(Retention)).GetProperty("value").GetString().ShouldBe("604800000");
    }

    [Theory]
    [InlineData("PUT", "/topics/one/configs/retention.ms", """{"value":"soon"}""", 400, 40002)]
    [InlineData("PUT", "/topics/one/configs/retention.ms", """{"value":null}""", 400, 40002)]
    [InlineData("PUT", "/topics/one/configs/retention.ms", "", 422, 42206)]
    [InlineData("PUT", "/topics/one/configs/no.such", """{"value":"1"}""", 404, 404)]
    [InlineData("PUT", "/topics/none/configs/retention.ms", """{"value":"1"}""", 404, 40403)]
    [InlineData("GET", "/topics/none/configs", null, 404, 40403)]
    [InlineData("GET", "/topics/one/configs/no.such", null, 404, 404)]
    [InlineData("POST", "/topics/one/configs:alter", """{"data":[{"name":"retention.ms","operation":"APPEND"}]}""", 400, 400)]
    [InlineData("POST", "/topics/one/configs:alter", """{"data":[{"name":"retention.ms"}]}""", 400, 40002)]
    [InlineData("POST", "/topics/one/configs:alter", "{}", 422, 422)]
    [InlineData("POST", "/topics/one/configs:alter", """{"data":{}}""", 400, 400)]
    [InlineData("GET", "/brokers/2", null, 404, 404)]
    [InlineData("GET", "/brokers/2/configs", null, 404, 404)]
    [InlineData("GET", "/brokers/2/partition-replicas", null, 404, 404)]
    [InlineData("PATCH", "/topics/three", """{"partitions_count":3}""", 400, 40002)]
    [InlineData("PATCH", "/topics/three", """{"partitions_count":0}""", 400, 40002)]
    [InlineData("PATCH", "/topics/none", """{"partitions_count":3}""", 404, 40403)]
    [InlineData("POST", "/topics", """{"topic_name":"a","replication_factor":2}""", 400, 40002)]
    [InlineData("POST", "/topics", """{"topic_name":"a","replicas_assignments":{"0":[1],"2":[1]}}""", 400, 40002)]
    [InlineData("POST", "/topics", """{"topic_name":"a","replicas_assignments":{"0":[2]}}""", 400, 40002)]
    [InlineData("POST", "/topics", """{"topic_name":"a","configs":[{"name":"no.such","value":"1"}]}""", 400, 40002)]
    [InlineData("GET", "/topics/one/partitions/0/offset?offset_type=earliest", null, 400, 400)]
    [InlineData("GET", "/topics/one/partitions/1/offset", null, 404, 40402)]
    [InlineData("GET", "/topics/one/partitions/0/replicas/2", null, 404, 404)]
    [InlineData("GET", "/consumer-groups/none", null, 404, 404)]
    [InlineData("GET", "/consumer-groups/none/consumers", null, 404, 404)]
    [InlineData("GET", "/consumer-groups/none/lags", null, 404, 404)]
    public async Task What_cannot_be_is_refused_by_status_and_code(string method, string path, string? body, int status, int code)
    {
        var answer = await _bed.SendAsync(method, path, body);
        (answer.Status, answer.Body.StartsWith($$"""{"error_code":{{code}},""")).ShouldBe((status, true), answer.Body);
    }

    [Fact]
    public async Task Of_several_topics_those_that_were_not_changed_are_named()
    {
        const string Body = """
            {"data":[{"topic_name":"one","configs":[{"name":"retention.ms","value":"1"}]},{"topic_name":"none","configs":[{"name":"retention.ms","value":"1"}]}]}
            """;
        var answer = await _bed.SendAsync("POST", "/topics/-/configs:alter", Body);
        answer.ShouldBe((207, """{"failures":[{"topic_name":"none","error_code":40403,"message":"This server does not host this topic-partition."}]}"""));
        (await _bed.GetAsync("/topics/one/configs/retention.ms")).GetProperty("value").GetString().ShouldBe("1");
    }

    [Fact]
    public async Task What_is_only_validated_changes_nothing()
    {
        var body = """{"data":[{"name":"retention.ms","value":"1"}],"validate_only":true}""";
        (await _bed.SendAsync("POST", "/topics/one/configs:alter", body)).Status.ShouldBe(204);
        (await _bed.GetAsync("/topics/one/configs/retention.ms")).GetProperty("value").GetString().ShouldBe("604800000");
        (await _bed.SendAsync("POST", "/topics", """{"topic_name":"one","validate_only":true}""")).Status.ShouldBe(400);
    }

    [Fact]
    public async Task Partitions_are_added_and_assigned_ones_are_made()
    {
        (await _bed.SendAsync("PATCH", "/topics/one", """{"partitions_count":2}""")).Body.ShouldContain("\"partitions_count\":2,");
        (await _bed.GetAsync("/topics/one/partitions/1/offset")).GetProperty("latest_offset").GetInt64().ShouldBe(0);
        var created = await _bed.SendAsync("POST", "/topics", """{"topic_name":"a","replicas_assignments":{"0":[1],"1":[1]}}""");
        (created.Status, created.Body.Contains("\"partitions_count\":2,")).ShouldBe((201, true), created.Body);
    }

    private IAdminClient Admin() =>
        new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _bed.BootstrapServers }).SetLogHandler((_, _) => { }).Build();
}

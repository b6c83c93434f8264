using System.Text.Json;

namespace Sluice.Conformance.KafkaRest;

/// <summary>
/// The published description of v3 (https://docs.confluent.io/platform/current/kafka-rest/api.html#crest-api-v3), operation by operation:
/// each is asked on a cluster that has what it asks for, and answers with the documented status and every required field.
/// </summary>
public sealed class OpenApiTests : IAsyncLifetime
{
    /// <summary>The operations below the cluster in their order, the body of each, and its documented status where that is not 200.</summary>
    private static readonly (string Operation, string? Body, int Status)[] s_operations =
    [
        ("GET ", null, 200),

        // A cluster without an authorizer.
        ("GET /acls", null, 400), ("POST /acls", "{}", 400), ("DELETE /acls", null, 400), ("POST /acls:batch", "{}", 400),

        // The broker takes its configs from its configuration, and none is set for all brokers at run time.
        ("GET /broker-configs", null, 200),
        ("POST /broker-configs:alter", """{"data":[{"name":"max.connections","operation":"DELETE"}]}""", 400),
        ("GET /broker-configs/max.connections", null, 404),
        ("PUT /broker-configs/max.connections", """{"value":"10"}""", 400),
        ("DELETE /broker-configs/max.connections", null, 400),
        ("GET /brokers", null, 200), ("GET /brokers/1", null, 200), ("GET /brokers/-/configs", null, 200), ("GET /brokers/1/configs", null, 200),
        ("POST /brokers/1/configs:alter", """{"data":[{"name":"max.connections","value":"10"}]}""", 400),
        ("GET /brokers/1/configs/max.connections", null, 200),
        ("PUT /brokers/1/configs/max.connections", """{"value":"10"}""", 400),
        ("DELETE /brokers/1/configs/max.connections", null, 400),
        ("GET /brokers/1/partition-replicas", null, 200),

        ("GET /consumer-groups", null, 200), ("GET /consumer-groups/g", null, 200), ("GET /consumer-groups/g/consumers", null, 200),
        ("GET /consumer-groups/g/consumers/m", null, 200), ("GET /consumer-groups/g/consumers/m/assignments", null, 200),
        ("GET /consumer-groups/g/consumers/m/assignments/one/partitions/0", null, 200),
        ("GET /consumer-groups/g/lag-summary", null, 200), ("GET /consumer-groups/g/lags", null, 200),
        ("GET /consumer-groups/g/lags/one/partitions/0", null, 200),

        ("GET /topics", null, 200), ("POST /topics", """{"topic_name":"new"}""", 201),
        ("POST /topics", """{"topic_name":"newer","partitions_count":2,"replication_factor":1,"validate_only":true}""", 200),
        ("GET /topics/one", null, 200), ("PATCH /topics/new", """{"partitions_count":4}""", 200),
        ("GET /topics/-/configs", null, 200),
        ("POST /topics/-/configs:alter", """{"data":[{"topic_name":"one","configs":[{"name":"retention.ms","value":"5000"}]}]}""", 204),
        ("GET /topics/one/configs", null, 200),
        ("POST /topics/one/configs:alter", """{"data":[{"name":"retention.ms","operation":"DELETE"},{"name":"compression.type","value":"gzip"}]}""", 204),
        ("GET /topics/one/configs/retention.ms", null, 200),
        ("PUT /topics/one/configs/retention.ms", """{"value":"7000"}""", 204),
        ("DELETE /topics/one/configs/retention.ms", null, 204),
        ("GET /topics/one/partitions", null, 200), ("GET /topics/one/partitions/0", null, 200), ("GET /topics/one/partitions/0/offset", null, 200),

        // Nothing is moved where there is one broker.
        ("GET /topics/one/partitions/0/reassignment", null, 404),
        ("GET /topics/one/partitions/-/reassignment", null, 200), ("GET /topics/-/partitions/-/reassignment", null, 200),
        ("GET /topics/one/partitions/0/replicas", null, 200), ("GET /topics/one/partitions/0/replicas/1", null, 200),
        ("POST /topics/one/records", """{"value":{"type":"JSON","data":1}}""", 200),
        ("POST /topics/one/records:batch", """{"entries":[{"id":"1","value":{"type":"JSON","data":1}}]}""", 207),
        ("DELETE /topics/new", null, 204),
    ];

    /// <summary>The fields that the description requires of each kind, beside kind, metadata and cluster_id.</summary>
    private static readonly Dictionary<string, string[]> s_required = new()
    {
        ["KafkaCluster"] = ["acls", "brokers", "broker_configs", "consumer_groups", "topics", "partition_reassignments"],
        ["KafkaClusterConfig"] = ["config_type", "name", "is_default", "is_read_only", "is_sensitive", "source", "synonyms"],
        ["KafkaBroker"] = ["broker_id", "configs", "partition_replicas"],
        ["KafkaBrokerConfig"] = ["broker_id", "name", "value", "is_default", "is_read_only", "is_sensitive", "source", "synonyms"],
        ["KafkaTopicConfig"] = ["topic_name", "name", "value", "is_default", "is_read_only", "is_sensitive", "source", "synonyms"],
        ["KafkaReplica"] = ["topic_name", "partition_id", "broker_id", "is_leader", "is_in_sync", "broker"],
        ["KafkaReassignment"] = ["topic_name", "partition_id", "adding_replicas", "removing_replicas", "replicas"],
        ["KafkaPartition"] = ["topic_name", "partition_id", "leader", "replicas", "reassignment"],
        ["KafkaPartitionWithOffsets"] = ["topic_name", "partition_id", "earliest_offset", "latest_offset"],
        ["KafkaTopic"] =
        [
            "topic_name", "is_internal", "replication_factor", "partitions_count", "partitions", "configs", "partition_reassignments",
        ],
        ["KafkaConsumerGroup"] =
        [
            "consumer_group_id", "is_simple", "partition_assignor", "state", "type", "is_mixed_consumer_group", "coordinator", "consumers", "lag_summary",
        ],
        ["KafkaConsumer"] = ["consumer_group_id", "consumer_id", "instance_id", "client_id", "assignments"],
        ["KafkaConsumerAssignment"] = ["consumer_group_id", "consumer_id", "topic_name", "partition_id", "partition", "lag"],
        ["KafkaConsumerLag"] =
        [
            "consumer_group_id", "topic_name", "partition_id", "current_offset", "log_end_offset", "lag", "consumer_id", "instance_id", "client_id",
        ],
        ["KafkaConsumerGroupLagSummary"] =
        [
            "consumer_group_id", "max_lag_consumer_id", "max_lag_instance_id", "max_lag_client_id", "max_lag_topic_name", "max_lag_partition_id",
            "max_lag", "total_lag", "max_lag_consumer", "max_lag_partition",
        ],
    };

    private ClusterBed _bed = null!;

    public async ValueTask InitializeAsync()
    {
        _bed = await ClusterBed.StartAsync();
        await _bed.ReadOneOfThreeAsync();
    }

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task Every_operation_of_the_description_answers_with_its_status_and_its_fields()
    {
        foreach (var (operation, body, status) in s_operations)
        {
            var (method, path) = (operation.Split(' ')[0], operation.Split(' ')[1]);
            var answer = await _bed.SendAsync(method, path, body);
            answer.Status.ShouldBe(status, $"{operation}: {answer.Body}");
            if (answer.Body.Length == 0) continue;
            var json = JsonElement.Parse(answer.Body);
            if (status >= 400)
            {
                // An endpoint that is not there says "HTTP 404 Not Found".
                json.GetProperty("message").GetString()!.ShouldNotStartWith("HTTP ", customMessage: operation);
                json.GetProperty("error_code").GetInt32().ToString().ShouldStartWith($"{status}");
            }
            else if (json.TryGetProperty("kind", out var kind))
            {
                Check(json, kind.GetString()!, operation);
            }
        }
    }

    [Fact]
    public async Task Every_link_of_the_cluster_leads_somewhere()
    {
        var seen = new HashSet<string> { "" };
        var queue = new Queue<string>(seen);
        while (queue.TryDequeue(out var path))
        {
            var (status, body) = await _bed.SendAsync("GET", path);

            // ACLs are off, and nothing is being moved.
            if (path == "/acls" || path.EndsWith("/0/reassignment") || path.EndsWith("/1/reassignment") || path.EndsWith("/2/reassignment")) continue;
            status.ShouldBe(200, $"{path}: {body}");
            foreach (var link in LinksIn(JsonElement.Parse(body)).Select(l => l[(l.IndexOf(_bed.Cluster) + _bed.Cluster.Length)..]))
            {
                if (seen.Add(link)) queue.Enqueue(link);
            }
        }

        seen.ShouldContain("/consumer-groups/g/lags/one/partitions/0");
        seen.ShouldContain("/topics/three/partitions/2/replicas/1");
        seen.ShouldContain("/brokers/1/configs/max.connections");
    }

    private static IEnumerable<string> LinksIn(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().SelectMany(f =>
            f.Name is "related" or "self" ? [f.Value.GetString()!] : LinksIn(f.Value)),
        JsonValueKind.Array => json.EnumerateArray().SelectMany(LinksIn),
        _ => [],
    };

    private static void Check(JsonElement json, string kind, string operation)
    {
        var metadata = json.GetProperty("metadata");
        metadata.GetProperty("self").GetString()!.ShouldStartWith("http://");
        if (kind.EndsWith("List", StringComparison.Ordinal))
        {
            metadata.TryGetProperty("next", out _).ShouldBeTrue(operation);
            foreach (var item in json.GetProperty("data").EnumerateArray())
            {
                item.GetProperty("kind").GetString().ShouldBe(kind[..^4], operation);
                Check(item, kind[..^4], operation);
            }

            return;
        }

        metadata.GetProperty("resource_name").GetString()!.ShouldStartWith("crn:///kafka=");
        s_required.ShouldContainKey(kind);
        foreach (var field in s_required[kind].Append("cluster_id")) json.TryGetProperty(field, out _).ShouldBeTrue($"{operation} lacks {field} of {kind}");
    }
}

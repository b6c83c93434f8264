using System.Globalization;
using System.Text.Json;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.V3;

/// <summary><c>/v3/clusters/{cluster}/topics</c>: list, get, create, delete.</summary>
internal static class V3Topics
{
    public static async Task ListAsync(RestRequest request) => V3Call.WriteList(
        request, "KafkaTopicList", await request.Services.Log.ListTopicsAsync(request.Cancel), Write);

    public static async Task GetAsync(RestRequest request)
    {
        if (await V3Call.FindTopicAsync(request) is { } topic) V3Call.Write(request, StatusCodes.Status200OK, topic, Write);
    }

    public static async Task DeleteAsync(RestRequest request)
    {
        if (await request.Services.Log.DeleteTopicAsync(request.Values.Second, request.Cancel)) RestResponse.WriteNoContent(request.Http);
        else RestResponse.WriteError(request.Http, RestError.NoTopicPartition, Negotiation.Json);
    }

    public static async Task CreateAsync(RestRequest request)
    {
        var (body, error) = await RequestJson.ReadAsync(
            request, "topic_name", "partitions_count", "replication_factor", "replicas_assignments", "configs", "validate_only");
        TopicSpec? spec = null;
        if (error is null) (spec, error) = SpecIn(body);
        if (spec is null)
        {
            RestResponse.WriteError(request.Http, error!, Negotiation.Json);
            return;
        }

        try
        {
            var validateOnly = RequestJson.Text(body, "validate_only") == "true";
            var topic = validateOnly ? await CheckAsync(request, spec) : await request.Services.Log.CreateTopicAsync(spec, request.Cancel);
            V3Call.Write(request, validateOnly ? StatusCodes.Status200OK : StatusCodes.Status201Created, topic, Write);
        }
        catch (Exception refused) when (refused is InvalidTopicException or TopicExistsException)
        {
            RestResponse.WriteError(request.Http, RestError.BadTopic(refused.Message), Negotiation.Json);
        }
    }

    private static async ValueTask<TopicDescription> CheckAsync(RestRequest request, TopicSpec spec)
    {
        if (await request.Services.Log.FindTopicAsync(spec.Name, request.Cancel) is not null) throw new TopicExistsException(spec.Name);
        return new TopicDescription(Guid.Empty, spec.Name, spec.PartitionCount, spec.Configs);
    }

    private static (TopicSpec? Spec, RestError? Error) SpecIn(JsonElement body)
    {
        if (body.ValueKind == JsonValueKind.Undefined) return (null, RestError.NullPayload);
        var name = RequestJson.Text(body, "topic_name");
        if (string.IsNullOrEmpty(name)) return (null, RestError.Unprocessable("Error: 422 : topic_name may not be empty"));
        var partitions = RequestJson.TryGet(body, "partitions_count", out _) ? RequestJson.Number(body, "partitions_count") : 1;
        if (partitions is not (>= 1 and <= int.MaxValue)) return (null, RestError.BadTopic("Number of partitions must be larger than 0."));
        if (RequestJson.TryGet(body, "replication_factor", out _) && RequestJson.Number(body, "replication_factor") is not (1 or -1))
            return (null, RestError.BadTopic("Replication factor is larger than available brokers: there is 1."));
        if (RequestJson.TryGet(body, "replicas_assignments", out _))
            return (null, RestError.BadTopic("Replicas cannot be assigned: there is 1 broker. Give partitions_count instead."));

        var configs = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!RequestJson.TryGet(body, "configs", out var list)) return (new TopicSpec(name, (int)partitions, configs), null);
        if (list.ValueKind != JsonValueKind.Array) return (null, RestError.BadRequest("configs must be an array."));
        foreach (var config in list.EnumerateArray())
        {
            if (RequestJson.Unknown(config, "name", "value") is { } unknown) return (null, unknown);
            if (RequestJson.Text(config, "name") is not { } key) return (null, RestError.Unprocessable("Error: 422 : configs.name may not be null"));
            if (RequestJson.Text(config, "value") is { } value) configs[key] = value;
        }

        return (new TopicSpec(name, (int)partitions, configs), null);
    }

    private static void Write(V3Writer writer, TopicDescription topic)
    {
        var path = $"/topics/{topic.Name}";
        writer.Begin("KafkaTopic", path, ("topic", topic.Name));
        writer.Json.WriteString("topic_name"u8, topic.Name);
        writer.Json.WriteBoolean("is_internal"u8, topic.Name.StartsWith("__", StringComparison.Ordinal));
        writer.Json.WriteNumber("replication_factor"u8, 1);
        writer.Json.WriteNumber("partitions_count"u8, topic.PartitionCount);
        writer.Link("partitions", path + "/partitions");
        writer.Link("configs", path + "/configs");
        writer.Link("partition_reassignments", path + "/partitions/-/reassignment");
        writer.Json.WriteStartArray("authorized_operations"u8);
        writer.Json.WriteEndArray();
        writer.End();
    }
}

/// <summary>Partitions, their replicas, and configs of a topic.</summary>
internal static class V3Partitions
{
    public static async Task ListAsync(RestRequest request)
    {
        if (await V3Call.FindTopicAsync(request) is not { } topic) return;
        V3Call.WriteList(request, "KafkaPartitionList", Enumerable.Range(0, topic.PartitionCount).Select(p => new TopicPartition(topic.Name, p)), Write);
    }

    public static async Task GetAsync(RestRequest request)
    {
        if (await FindAsync(request) is { } partition) V3Call.Write(request, StatusCodes.Status200OK, partition, Write);
    }

    public static async Task ListReplicasAsync(RestRequest request)
    {
        if (await FindAsync(request) is { } partition) V3Call.WriteList(request, "KafkaReplicaList", [partition], WriteReplica);
    }

    public static async Task GetReplicaAsync(RestRequest request)
    {
        if (await FindAsync(request) is not { } partition) return;
        if (request.Values.Fourth == $"{request.Services.Options.BrokerId}")
            V3Call.Write(request, StatusCodes.Status200OK, partition, WriteReplica);
        else
            RestResponse.WriteError(request.Http, new RestError(404, 404, $"Replica {request.Values.Fourth} cannot be found."), Negotiation.Json);
    }

    public static async Task ListConfigsAsync(RestRequest request)
    {
        if (await V3Call.FindTopicAsync(request) is not { } topic) return;
        V3Call.WriteList(request, "KafkaTopicConfigList", topic.Configs.Select(c => (topic.Name, c.Key, c.Value)), WriteConfig);
    }

    public static async Task GetConfigAsync(RestRequest request)
    {
        if (await V3Call.FindTopicAsync(request) is not { } topic) return;
        if (topic.Configs.TryGetValue(request.Values.Third, out var value))
            V3Call.Write(request, StatusCodes.Status200OK, (topic.Name, request.Values.Third, value), WriteConfig);
        else
            RestResponse.WriteError(request.Http, new RestError(404, 404, $"Config {request.Values.Third} of topic {topic.Name} is not set."), Negotiation.Json);
    }

    private static async ValueTask<TopicPartition?> FindAsync(RestRequest request)
    {
        var topic = await request.Services.Log.FindTopicAsync(request.Values.Second, request.Cancel);
        var isNumber = int.TryParse(request.Values.Third, NumberStyles.None, CultureInfo.InvariantCulture, out var partition);
        if (topic is not null && isNumber && partition < topic.PartitionCount) return new TopicPartition(topic.Name, partition);
        RestResponse.WriteError(request.Http, topic is null ? RestError.NoTopicPartition : RestError.PartitionNotFound, Negotiation.Json);
        return null;
    }

    private static void Write(V3Writer writer, TopicPartition partition)
    {
        var path = $"/topics/{partition.Topic}/partitions/{partition.Partition}";
        writer.Begin("KafkaPartition", path, ("topic", partition.Topic), ("partition", $"{partition.Partition}"));
        writer.Json.WriteString("topic_name"u8, partition.Topic);
        writer.Json.WriteNumber("partition_id"u8, partition.Partition);
        writer.Link("leader", $"{path}/replicas/{writer.Broker}");
        writer.Link("replicas", path + "/replicas");
        writer.Link("reassignment", path + "/reassignment");
        writer.End();
    }

    private static void WriteReplica(V3Writer writer, TopicPartition partition)
    {
        var path = $"/topics/{partition.Topic}/partitions/{partition.Partition}/replicas/{writer.Broker}";
        writer.Begin(
            "KafkaReplica", path, ("topic", partition.Topic), ("partition", $"{partition.Partition}"), ("replica", $"{writer.Broker}"));
        writer.Json.WriteString("topic_name"u8, partition.Topic);
        writer.Json.WriteNumber("partition_id"u8, partition.Partition);
        writer.Json.WriteNumber("broker_id"u8, writer.Broker);
        writer.Json.WriteBoolean("is_leader"u8, true);
        writer.Json.WriteBoolean("is_in_sync"u8, true);
        writer.Link("broker", $"/brokers/{writer.Broker}");
        writer.End();
    }

    private static void WriteConfig(V3Writer writer, (string Topic, string Name, string Value) config)
    {
        writer.Begin("KafkaTopicConfig", $"/topics/{config.Topic}/configs/{config.Name}", ("topic", config.Topic), ("config", config.Name));
        writer.Json.WriteString("topic_name"u8, config.Topic);
        writer.Json.WriteString("name"u8, config.Name);
        writer.Json.WriteString("value"u8, config.Value);
        writer.Json.WriteBoolean("is_default"u8, false);
        writer.Json.WriteBoolean("is_read_only"u8, false);
        writer.Json.WriteBoolean("is_sensitive"u8, false);
        writer.Json.WriteString("source"u8, "DYNAMIC_TOPIC_CONFIG");
        writer.Json.WriteStartArray("synonyms"u8);
        writer.Json.WriteEndArray();
        writer.End();
    }
}

using System.Globalization;
using System.Text.Json;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.V3;

/// <summary><c>/v3/clusters/{cluster}/topics</c>: list, get, create, add partitions, delete.</summary>
internal static class V3Topics
{
    public static async Task ListAsync(RestRequest request)
    {
        var topics = await request.Services.Log.ListTopicsAsync(request.Cancel);
        var replicas = await request.Services.Admin.ReplicasAsync([.. topics.Select(t => t.Name)], request.Cancel);
        V3Call.WriteList(request, "KafkaTopicList", topics.Where(t => replicas.ContainsKey(t.Name)).Select(t => ViewOf(t.Name, replicas[t.Name])), Write);
    }

    public static async Task GetAsync(RestRequest request)
    {
        var view = await FindAsync(request, request.Values.Second);
        if (view is { } topic) V3Call.Write(request, StatusCodes.Status200OK, topic, Write);
        else V3Call.WriteError(request, RestError.NoTopicPartition);
    }

    public static async Task DeleteAsync(RestRequest request)
    {
        if (request.Services.Admin.DeletionRefusal(request.Values.Second) is { } refusal)
        {
            V3Call.WriteOutcome(request, RestError.Of(refusal));
            return;
        }

        var isDeleted = await request.Services.Log.DeleteTopicAsync(request.Values.Second, request.Cancel);
        V3Call.WriteOutcome(request, isDeleted ? null : RestError.NoTopicPartition);
    }

    public static async Task AddPartitionsAsync(RestRequest request)
    {
        var (body, error) = await RequestJson.ReadAsync(request, "partitions_count");
        if (error is null && body.ValueKind == JsonValueKind.Undefined) error = RestError.NullPayload;
        if (error is null && RequestJson.Number(body, "partitions_count") is not (>= 1 and <= int.MaxValue))
            error = RestError.BadTopic("Number of partitions must be larger than 0.");
        var topic = request.Values.Second;
        if (error is null)
        {
            var count = (int)RequestJson.Number(body, "partitions_count")!.Value;
            error = await request.Services.Admin.AddPartitionsAsync(topic, count, request.Cancel) is { } refusal ? RestError.Of(refusal) : null;
        }

        if (error is null) await GetAsync(request);
        else V3Call.WriteError(request, error);
    }

    public static async Task CreateAsync(RestRequest request)
    {
        var (body, error) = await RequestJson.ReadAsync(
            request, "topic_name", "partitions_count", "replication_factor", "replicas_assignments", "configs", "validate_only");
        TopicCreation? creation = null;
        if (error is null) (creation, error) = TopicRequest.Parse(body);
        var validateOnly = RequestJson.Text(body, "validate_only") == "true";
        if (creation is not null && await request.Services.Admin.CreateTopicAsync(creation, validateOnly, request.Cancel) is { } refusal)
            error = RestError.Of(refusal);
        if (error is not null)
        {
            V3Call.WriteError(request, error);
            return;
        }

        // Other clients may have deleted it in the meantime: what was asked for is shown then.
        var view = (validateOnly ? null : await FindAsync(request, creation!.Name)) ?? new TopicView(
            creation!.Name,
            creation.Assignments?.Count ?? creation.PartitionCount ?? 0,
            creation.Assignments?.Values.First().Count ?? creation.ReplicationFactor ?? 0);
        V3Call.Write(request, validateOnly ? StatusCodes.Status200OK : StatusCodes.Status201Created, view, Write);
    }

    private static async ValueTask<TopicView?> FindAsync(RestRequest request, string topic) =>
        (await request.Services.Admin.ReplicasAsync([topic], request.Cancel)).TryGetValue(topic, out var replicas) ? ViewOf(topic, replicas) : null;

    private static TopicView ViewOf(string topic, IReadOnlyList<PartitionReplicas> replicas) =>
        new(topic, replicas.Count, replicas.Count == 0 ? 0 : replicas[0].Replicas.Count);

    private static void Write(V3Writer writer, TopicView topic)
    {
        var path = $"/topics/{topic.Name}";
        writer.Begin("KafkaTopic", path, ("topic", topic.Name));
        writer.Json.WriteString("topic_name"u8, topic.Name);
        writer.Json.WriteBoolean("is_internal"u8, topic.Name.StartsWith("__", StringComparison.Ordinal));
        writer.Json.WriteNumber("replication_factor"u8, topic.ReplicationFactor);
        writer.Json.WriteNumber("partitions_count"u8, topic.PartitionCount);
        writer.Link("partitions", path + "/partitions");
        writer.Link("configs", path + "/configs");
        writer.Link("partition_reassignments", path + "/partitions/-/reassignment");
        writer.Json.WriteStartArray("authorized_operations"u8);
        writer.Json.WriteEndArray();
        writer.End();
    }

    private readonly record struct TopicView(string Name, int PartitionCount, int ReplicationFactor);
}

/// <summary>Reads what a new topic is to be.</summary>
internal static class TopicRequest
{
    public static (TopicCreation? Creation, RestError? Error) Parse(JsonElement body)
    {
        if (body.ValueKind == JsonValueKind.Undefined) return (null, RestError.NullPayload);
        var name = RequestJson.Text(body, "topic_name");
        if (string.IsNullOrEmpty(name)) return (null, RestError.Unprocessable("Error: 422 : topic_name may not be empty"));
        var (partitions, error) = NumberIn(body, "partitions_count", int.MaxValue, "Number of partitions must be larger than 0.");
        if (error is not null) return (null, error);
        (var replication, error) = NumberIn(body, "replication_factor", short.MaxValue, "Replication factor must be larger than 0.");
        if (error is not null) return (null, error);
        (var assignments, error) = AssignmentsIn(body);
        if (error is not null) return (null, error);
        if (assignments is not null && (partitions ?? replication) is not null)
            return (null, RestError.BadTopic("Give partitions_count and replication_factor, or replicas_assignments, not both."));
        (var configs, error) = ConfigsIn(body);
        return error is null ? (new TopicCreation(name, partitions, replication, assignments, configs), null) : (null, error);
    }

    /// <summary>A number that may be absent, which -1 stands for too.</summary>
    private static (int? Number, RestError? Error) NumberIn(JsonElement body, string name, int max, string fault)
    {
        if (!RequestJson.TryGet(body, name, out _)) return (null, null);
        var number = RequestJson.Number(body, name);
        if (number == -1) return (null, null);
        return number >= 1 && number <= max ? ((int)number, null) : (null, RestError.BadTopic(fault));
    }

    private static (Dictionary<int, IReadOnlyList<int>>? Assignments, RestError? Error) AssignmentsIn(JsonElement body)
    {
        if (!RequestJson.TryGet(body, "replicas_assignments", out var map)) return (null, null);
        var fault = RestError.BadRequest("replicas_assignments must be an object of partitions, each with an array of at least one broker.");
        if (map.ValueKind != JsonValueKind.Object) return (null, fault);
        var assignments = new Dictionary<int, IReadOnlyList<int>>();
        foreach (var partition in map.EnumerateObject())
        {
            if (!int.TryParse(partition.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return (null, fault);
            if (partition.Value.ValueKind != JsonValueKind.Array || partition.Value.GetArrayLength() == 0) return (null, fault);
            var brokers = new List<int>();
            foreach (var broker in partition.Value.EnumerateArray())
            {
                if (broker.ValueKind != JsonValueKind.Number || !broker.TryGetInt32(out var id)) return (null, fault);
                brokers.Add(id);
            }

            assignments[number] = brokers;
        }

        return assignments.Count == 0 ? (null, null) : (assignments, null);
    }

    private static (Dictionary<string, string> Configs, RestError? Error) ConfigsIn(JsonElement body)
    {
        var configs = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!RequestJson.TryGet(body, "configs", out var list)) return (configs, null);
        if (list.ValueKind != JsonValueKind.Array) return (configs, RestError.BadRequest("configs must be an array."));
        foreach (var config in list.EnumerateArray())
        {
            if (RequestJson.Unknown(config, "name", "value") is { } unknown) return (configs, unknown);
            if (RequestJson.Text(config, "name") is not { } key)
                return (configs, RestError.Unprocessable("Error: 422 : configs.name may not be null"));
            if (RequestJson.Text(config, "value") is { } value) configs[key] = value;
        }

        return (configs, null);
    }
}

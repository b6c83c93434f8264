using System.Text.Json;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.V3;

/// <summary>Reads what configs are to become.</summary>
internal static class ConfigRequest
{
    /// <summary>Most configs in one request: ten times what Kafka knows of a broker.</summary>
    private const int ChangesMax = 4096;

    /// <summary>The body of a single config: <c>{"value":"gzip"}</c>.</summary>
    public static async ValueTask<(Dictionary<string, string?>? Changes, RestError? Error)> ReadValueAsync(RestRequest request, string name)
    {
        var (body, error) = await RequestJson.ReadAsync(request, "value");
        if (error is not null) return (null, error);
        if (body.ValueKind == JsonValueKind.Undefined) return (null, RestError.NullPayload);
        return RequestJson.Text(body, "value") is { } value ? (new() { [name] = value }, null) : (null, NullValue(name));
    }

    /// <summary>The body of several configs of one resource: <c>{"data":[{"name":n,"value":v,"operation":"SET"}],"validate_only":true}</c>.</summary>
    public static async ValueTask<(Dictionary<string, string?>? Changes, bool ValidateOnly, RestError? Error)> ReadChangesAsync(RestRequest request)
    {
        var (body, error) = await RequestJson.ReadAsync(request, "data", "validate_only");
        if (error is null && body.ValueKind == JsonValueKind.Undefined) error = RestError.NullPayload;
        Dictionary<string, string?>? changes = null;
        if (error is null) (changes, error) = ChangesIn(body, "data");
        return (changes, RequestJson.Text(body, "validate_only") == "true", error);
    }

    /// <summary>
    /// The body of configs of several topics: <c>{"data":[{"topic_name":t,"configs":[{"name":n,"value":v}]}],"validate_only":true}</c>.
    /// </summary>
    public static async ValueTask<(List<ConfigAlteration> Topics, bool ValidateOnly, RestError? Error)> ReadTopicsAsync(RestRequest request)
    {
        var (body, error) = await RequestJson.ReadAsync(request, "data", "validate_only");
        var topics = new List<ConfigAlteration>();
        if (error is null && body.ValueKind == JsonValueKind.Undefined) error = RestError.NullPayload;
        if (error is null) error = AddTopics(topics, body);
        return (topics, RequestJson.Text(body, "validate_only") == "true", error);
    }

    private static RestError? AddTopics(List<ConfigAlteration> topics, JsonElement body)
    {
        if (ListIn(body, "data", out var list) is { } wrong) return wrong;
        foreach (var entry in list)
        {
            if (RequestJson.Unknown(entry, "topic_name", "configs") is { } unknown) return unknown;
            if (RequestJson.Text(entry, "topic_name") is not { Length: > 0 } name)
                return RestError.Unprocessable("Error: 422 : data.topic_name may not be empty");
            if (topics.Exists(t => t.Resource.Name == name)) return RestError.BadRequest($"data names the topic {name} twice.");
            var (changes, error) = ChangesIn(entry, "configs");
            if (error is not null) return error;
            topics.Add(new ConfigAlteration(ConfigResource.Topic(name), changes!));
        }

        return null;
    }

    private static (Dictionary<string, string?>? Changes, RestError? Error) ChangesIn(JsonElement parent, string field)
    {
        if (ListIn(parent, field, out var list) is { } wrong) return (null, wrong);
        var changes = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var entry in list)
        {
            if (RequestJson.Unknown(entry, "name", "value", "operation") is { } unknown) return (null, unknown);
            if (RequestJson.Text(entry, "name") is not { Length: > 0 } name)
                return (null, RestError.Unprocessable($"Error: 422 : {field}.name may not be empty"));
            var operation = RequestJson.Text(entry, "operation")?.ToUpperInvariant() ?? "SET";
            if (operation is not ("SET" or "DELETE")) return (null, RestError.BadRequest($"{field}.operation must be SET or DELETE."));
            var value = operation == "SET" ? RequestJson.Text(entry, "value") : null;
            if (operation == "SET" && value is null) return (null, NullValue(name));
            if (!changes.TryAdd(name, value)) return (null, RestError.BadTopic($"The request names the config {name} twice."));
        }

        return (changes, null);
    }

    private static RestError? ListIn(JsonElement parent, string field, out JsonElement.ArrayEnumerator list)
    {
        list = default;
        if (!RequestJson.TryGet(parent, field, out var found)) return RestError.Unprocessable($"Error: 422 : {field} may not be null");
        if (found.ValueKind != JsonValueKind.Array) return RestError.BadRequest($"{field} must be an array.");
        if (found.GetArrayLength() > ChangesMax) return RestError.BadRequest($"{field} has more than {ChangesMax} entries. Send several requests.");
        list = found.EnumerateArray();
        return null;
    }

    private static RestError NullValue(string name) => RestError.BadTopic($"Null value not supported for the config {name}. Use DELETE to reset it.");
}

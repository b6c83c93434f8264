using System.Globalization;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.V3;

/// <summary>Configs of a topic, of a broker, or of all brokers (<c>broker-configs</c>): list, get, set, reset, and several at once.</summary>
/// <param name="subjectOf">What the path names.</param>
/// <param name="nameOf">The config that the path names.</param>
internal sealed class V3Configs(Func<RestRequest, ConfigSubject> subjectOf, Func<RouteValues, string> nameOf)
{
    public static readonly V3Configs OfTopic = new(r => ConfigSubject.Topic(r.Values.Second), v => v.Third);
    public static readonly V3Configs OfBroker = new(r => ConfigSubject.Broker(r.Values.Second), v => v.Third);
    public static readonly V3Configs OfCluster = new(_ => ConfigSubject.AllBrokers, v => v.Second);

    public async Task ListAsync(RestRequest request)
    {
        var subject = subjectOf(request);
        if (await FindAsync(request, subject) is { } configs)
            V3Call.WriteList(request, subject.Kind + "List", configs.Select(c => (subject, c)), Write);
    }

    public async Task GetAsync(RestRequest request)
    {
        var (subject, name) = (subjectOf(request), nameOf(request.Values));
        if (await FindAsync(request, subject) is not { } configs) return;
        if (configs.FirstOrDefault(c => c.Name == name) is { } config) V3Call.Write(request, StatusCodes.Status200OK, (subject, config), Write);
        else V3Call.WriteError(request, subject.NoSuchConfig(name, request.Services.ClusterId));
    }

    public async Task SetAsync(RestRequest request)
    {
        var (changes, error) = await ConfigRequest.ReadValueAsync(request, nameOf(request.Values));
        if (error is null) error = await AlterAsync(request, subjectOf(request), changes!, validateOnly: false);
        V3Call.WriteOutcome(request, error);
    }

    public async Task ResetAsync(RestRequest request)
    {
        var changes = new Dictionary<string, string?> { [nameOf(request.Values)] = null };
        V3Call.WriteOutcome(request, await AlterAsync(request, subjectOf(request), changes, validateOnly: false));
    }

    public async Task AlterAsync(RestRequest request)
    {
        var (changes, validateOnly, error) = await ConfigRequest.ReadChangesAsync(request);
        if (error is null) error = await AlterAsync(request, subjectOf(request), changes!, validateOnly);
        V3Call.WriteOutcome(request, error);
    }

    /// <summary><c>GET .../topics/-/configs</c>.</summary>
    public static async Task ListAllTopicsAsync(RestRequest request)
    {
        var topics = await request.Services.Log.ListTopicsAsync(request.Cancel);
        await ListAllAsync(request, [.. topics.Select(t => ConfigSubject.Topic(t.Name))], ConfigSubject.Topic("").Kind);
    }

    /// <summary><c>GET .../brokers/-/configs</c>.</summary>
    public static async Task ListAllBrokersAsync(RestRequest request)
    {
        var cluster = await request.Services.Admin.DescribeClusterAsync(request.Cancel);
        await ListAllAsync(
            request, [.. cluster.Brokers.Select(b => ConfigSubject.Broker(b.Id.ToString(CultureInfo.InvariantCulture)))], ConfigSubject.Broker("").Kind);
    }

    /// <summary><c>POST .../topics/-/configs:alter</c>: 204 when every topic was changed, else 207 with those that were not.</summary>
    public static async Task AlterTopicsAsync(RestRequest request)
    {
        var (topics, validateOnly, error) = await ConfigRequest.ReadTopicsAsync(request);
        if (error is not null)
        {
            V3Call.WriteError(request, error);
            return;
        }

        var outcomes = await request.Services.Admin.AlterConfigsAsync(topics, validateOnly, request.Cancel);
        var failures = topics.Zip(outcomes).Where(t => t.Second is not null).Select(t => (t.First.Resource.Name, RestError.Of(t.Second!))).ToArray();
        if (failures.Length == 0)
        {
            RestResponse.WriteNoContent(request.Http);
            return;
        }

        V3Call.Write(request, StatusCodes.Status207MultiStatus, failures, static (writer, failures) =>
        {
            writer.Json.WriteStartObject();
            writer.Json.WriteStartArray("failures"u8);
            foreach (var (topic, failure) in failures)
            {
                writer.Json.WriteStartObject();
                writer.Json.WriteString("topic_name"u8, topic);
                writer.Json.WriteNumber("error_code"u8, failure.Code);
                writer.Json.WriteString("message"u8, failure.Message);
                writer.Json.WriteEndObject();
            }

            writer.Json.WriteEndArray();
            writer.Json.WriteEndObject();
        });
    }

    private static async Task ListAllAsync(RestRequest request, ConfigSubject[] subjects, string kind)
    {
        var found = await request.Services.Admin.DescribeConfigsAsync([.. subjects.Select(s => s.Resource)], request.Cancel);
        var configs = subjects.SelectMany(s => found.GetValueOrDefault(s.Resource, []).Select(c => (s, c)));
        V3Call.WriteList(request, kind + "List", configs, Write);
    }

    /// <summary>The configs of the subject, or null after 404 has been written.</summary>
    private static async ValueTask<IReadOnlyList<ConfigValue>?> FindAsync(RestRequest request, ConfigSubject subject)
    {
        var configs = (await request.Services.Admin.DescribeConfigsAsync([subject.Resource], request.Cancel)).GetValueOrDefault(subject.Resource);
        if (configs is null) V3Call.WriteError(request, subject.Missing);
        return configs;
    }

    private static async ValueTask<RestError?> AlterAsync(
        RestRequest request, ConfigSubject subject, Dictionary<string, string?> changes, bool validateOnly)
    {
        var admin = request.Services.Admin;
        var outcomes = await admin.AlterConfigsAsync([new ConfigAlteration(subject.Resource, changes)], validateOnly, request.Cancel);
        if (outcomes[0] is not { } refusal) return null;
        if (refusal.Fault == AdminFault.NotFound) return subject.Missing;
        if (refusal.Fault != AdminFault.Invalid || subject.Resource == ConfigResource.AllBrokers) return RestError.Of(refusal);

        // The official proxy asks first whether there are such configs, and answers 404 when there are not.
        var there = (await admin.DescribeConfigsAsync([subject.Resource], request.Cancel)).GetValueOrDefault(subject.Resource, []);
        var unknown = changes.Keys.FirstOrDefault(name => there.All(c => c.Name != name));
        return unknown is null ? RestError.Of(refusal) : subject.NoSuchConfig(unknown, request.Services.ClusterId);
    }

    private static void Write(V3Writer writer, (ConfigSubject Subject, ConfigValue Config) found)
    {
        var (subject, config) = found;
        subject.Begin(writer, config.Name);
        writer.Json.WriteString("name"u8, config.Name);
        writer.Json.WriteString("value"u8, config.Value);
        writer.Json.WriteBoolean("is_default"u8, config.Origin == ConfigOrigin.Default);
        writer.Json.WriteBoolean("is_read_only"u8, config.IsReadOnly);
        writer.Json.WriteBoolean("is_sensitive"u8, config.IsSensitive);
        writer.Json.WriteString("source"u8, NameOf(config.Origin));
        writer.Json.WriteStartArray("synonyms"u8);
        foreach (var synonym in config.Synonyms)
        {
            writer.Json.WriteStartObject();
            writer.Json.WriteString("name"u8, synonym.Name);
            writer.Json.WriteString("value"u8, synonym.Value);
            writer.Json.WriteString("source"u8, NameOf(synonym.Origin));
            writer.Json.WriteEndObject();
        }

        writer.Json.WriteEndArray();
        writer.End();
    }

    private static ReadOnlySpan<byte> NameOf(ConfigOrigin origin) => origin switch
    {
        ConfigOrigin.DynamicTopic => "DYNAMIC_TOPIC_CONFIG"u8,
        ConfigOrigin.DynamicBroker => "DYNAMIC_BROKER_CONFIG"u8,
        ConfigOrigin.DynamicDefaultBroker => "DYNAMIC_DEFAULT_BROKER_CONFIG"u8,
        ConfigOrigin.DynamicBrokerLogger => "DYNAMIC_BROKER_LOGGER_CONFIG"u8,
        ConfigOrigin.StaticBroker => "STATIC_BROKER_CONFIG"u8,
        ConfigOrigin.Default => "DEFAULT_CONFIG"u8,
        _ => "UNKNOWN"u8,
    };
}

/// <summary>What has configs, and how v3 names it.</summary>
internal sealed record ConfigSubject(ConfigResource Resource, string Kind, string Path, RestError Missing)
{
    public static readonly ConfigSubject AllBrokers = new(
        ConfigResource.AllBrokers, "KafkaClusterConfig", "/broker-configs", RestError.NoSuch("The cluster has no configs of its own."));

    public static ConfigSubject Topic(string name) =>
        new(ConfigResource.Topic(name), "KafkaTopicConfig", $"/topics/{name}/configs", RestError.NoTopicPartition);

    public static ConfigSubject Broker(string id) => new(
        new ConfigResource(ConfigResourceType.Broker, id), "KafkaBrokerConfig", $"/brokers/{id}/configs", RestError.NoSuch($"Broker {id} cannot be found."));

    public RestError NoSuchConfig(string name, string cluster)
    {
        var type = Resource.Type == ConfigResourceType.Topic ? "TOPIC" : "BROKER";
        return RestError.NoSuch($"Config {name} cannot be found for {type} {Resource.Name} in cluster {cluster}.");
    }

    /// <summary>Begins the entity of one of its configs.</summary>
    public void Begin(V3Writer writer, string config)
    {
        var path = $"{Path}/{Uri.EscapeDataString(config)}";
        if (Resource == ConfigResource.AllBrokers)
        {
            writer.Begin(Kind, path, ("broker-config", config));
            writer.Json.WriteString("config_type"u8, "BROKER"u8);
        }
        else if (Resource.Type == ConfigResourceType.Topic)
        {
            writer.Begin(Kind, path, ("topic", Resource.Name), ("config", config));
            writer.Json.WriteString("topic_name"u8, Resource.Name);
        }
        else
        {
            writer.Begin(Kind, path, ("broker", Resource.Name), ("config", config));
            writer.Json.WriteNumber("broker_id"u8, int.Parse(Resource.Name, CultureInfo.InvariantCulture));
        }
    }
}

using System.Text.Json;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.V3;

/// <summary>The frame of the v3 endpoints: every path begins with the cluster, and every entity names itself with URLs.</summary>
internal static class V3Call
{
    /// <summary>An endpoint that answers only for the one cluster there is.</summary>
    public static RestAction InCluster(RestAction action) => request =>
    {
        if (request.Values.First == request.Services.Options.ClusterId) return action(request);
        RestResponse.WriteError(request.Http, ClusterNotFound(request.Values.First), Negotiation.Json);
        return Task.CompletedTask;
    };

    /// <summary>The topic of the path (its second value), or null after 40403 has been written.</summary>
    public static async ValueTask<TopicDescription?> FindTopicAsync(RestRequest request)
    {
        var topic = await request.Services.Log.FindTopicAsync(request.Values.Second, request.Cancel);
        if (topic is null) RestResponse.WriteError(request.Http, RestError.NoTopicPartition, Negotiation.Json);
        return topic;
    }

    public static void Write<T>(RestRequest request, int status, T subject, Action<V3Writer, T> write)
    {
        using var writer = new V3Writer(request);
        write(writer, subject);
        RestResponse.Write(request.Http, status, Negotiation.Json, writer.Finish());
    }

    /// <summary>Answers a list: <c>{"kind":"...List","metadata":{...},"data":[...]}</c>. It is always whole: there is no next page.</summary>
    public static void WriteList<T>(RestRequest request, string kind, IEnumerable<T> items, Action<V3Writer, T> write)
    {
        Write(request, StatusCodes.Status200OK, (kind, items, write), static (writer, list) =>
        {
            writer.Json.WriteStartObject();
            writer.Json.WriteString("kind"u8, list.kind);
            writer.Json.WriteStartObject("metadata"u8);
            writer.Json.WriteString("self"u8, writer.Origin + writer.Path);
            writer.Json.WriteNull("next"u8);
            writer.Json.WriteEndObject();
            writer.Json.WriteStartArray("data"u8);
            foreach (var item in list.items) list.write(writer, item);
            writer.Json.WriteEndArray();
            writer.Json.WriteEndObject();
        });
    }

    public static RestError ClusterNotFound(string cluster) => new(404, 404, $"Cluster {cluster} cannot be found.");
}

/// <summary>Writes v3 entities: kind, metadata with self and resource name, and links to what belongs to them.</summary>
internal sealed class V3Writer : IDisposable
{
    private readonly System.Buffers.ArrayBufferWriter<byte> _buffer = new();
    private readonly RestServices _services;

    public V3Writer(RestRequest request)
    {
        var http = request.Http.Request;
        _services = request.Services;
        Origin = _services.Options.AdvertisedListener?.GetLeftPart(UriPartial.Authority) ?? $"{http.Scheme}://{http.Host}";
        Path = http.Path.ToUriComponent();
        Json = new Utf8JsonWriter(_buffer, RestResponse.JsonOptions);
    }

    public Utf8JsonWriter Json { get; }

    public string Origin { get; }

    public string Path { get; }

    public string Cluster => _services.Options.ClusterId;

    public int Broker => _services.Options.BrokerId;

    /// <summary>Begins an entity and writes its cluster. The names lead to it: <c>("topic", "pin"), ("partition", "0")</c>.</summary>
    /// <param name="path">Its path below the cluster, such as <c>/topics/pin</c>.</param>
    public void Begin(string kind, string path, params ReadOnlySpan<(string Type, string Name)> names)
    {
        Json.WriteStartObject();
        Json.WriteString("kind"u8, kind);
        Json.WriteStartObject("metadata"u8);
        Json.WriteString("self"u8, UrlOf(path));
        var resource = "crn:///kafka=" + Cluster;
        foreach (var (type, name) in names) resource += $"/{type}={name}";
        Json.WriteString("resource_name"u8, resource);
        Json.WriteEndObject();
        Json.WriteString("cluster_id"u8, Cluster);
    }

    public void Link(string name, string path)
    {
        Json.WriteStartObject(name);
        Json.WriteString("related"u8, UrlOf(path));
        Json.WriteEndObject();
    }

    public void End() => Json.WriteEndObject();

    public ReadOnlySpan<byte> Finish()
    {
        Json.Flush();
        return _buffer.WrittenSpan;
    }

    public void Dispose() => Json.Dispose();

    private string UrlOf(string path) => $"{Origin}/v3/clusters/{Cluster}{path}";
}

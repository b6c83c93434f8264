using System.Globalization;
using System.Text.Json;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.V3;

/// <summary>The frame of the v3 endpoints: every path begins with the cluster, and every entity names itself with URLs.</summary>
internal static class V3Call
{
    /// <summary>An endpoint that answers only for the one cluster there is.</summary>
    public static RestAction InCluster(RestAction action) => async request =>
    {
        var asked = request.Values.First;
        if (asked == await request.Services.FindClusterIdAsync(request.Cancel)) await action(request);
        else WriteError(request, RestError.NoSuch($"Cluster {asked} cannot be found."));
    };

    /// <summary>The topic of the path (its second value), or null after 40403 has been written.</summary>
    public static async ValueTask<TopicDescription?> FindTopicAsync(RestRequest request)
    {
        var topic = await request.Services.Log.FindTopicAsync(request.Values.Second, request.Cancel);
        if (topic is null) WriteError(request, RestError.NoTopicPartition);
        return topic;
    }

    /// <summary>The broker of the path (its second value), or null after 404 has been written.</summary>
    public static async ValueTask<BrokerDescription?> FindBrokerAsync(RestRequest request)
    {
        var cluster = await request.Services.Admin.DescribeClusterAsync(request.Cancel);
        var broker = cluster.Brokers.FirstOrDefault(b => IsNumber(request.Values.Second, b.Id));
        if (broker is null) WriteError(request, RestError.NoSuch($"Broker {request.Values.Second} cannot be found."));
        return broker;
    }

    /// <summary>A path's value that may hold a slash; the web server leaves only that one encoded.</summary>
    public static string Decoded(string value) => value.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    public static bool IsNumber(string value, int number) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) && parsed == number;

    public static void WriteError(RestRequest request, RestError error) => RestResponse.WriteError(request.Http, error, Negotiation.Json);

    /// <summary>Answers 204, or the refusal.</summary>
    public static void WriteOutcome(RestRequest request, RestError? refusal)
    {
        if (refusal is null) RestResponse.WriteNoContent(request.Http);
        else WriteError(request, refusal);
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
}

/// <summary>Writes v3 entities: kind, metadata with self and resource name, and links to what belongs to them.</summary>
internal sealed class V3Writer : IDisposable
{
    private readonly System.Buffers.ArrayBufferWriter<byte> _buffer = new();
    private readonly string _cluster;

    public V3Writer(RestRequest request)
    {
        var http = request.Http.Request;
        var services = request.Services;
        _cluster = services.ClusterId;
        Origin = services.Options.AdvertisedListener?.GetLeftPart(UriPartial.Authority) ?? $"{http.Scheme}://{http.Host}";
        Path = http.Path.ToUriComponent();
        Json = new Utf8JsonWriter(_buffer, RestResponse.JsonOptions);
    }

    public Utf8JsonWriter Json { get; }

    public string Origin { get; }

    public string Path { get; }

    /// <summary>Begins an entity and writes its cluster. The names lead to it: <c>("topic", "pin"), ("partition", "0")</c>.</summary>
    /// <param name="path">Its path below the cluster, such as <c>/topics/pin</c>.</param>
    public void Begin(string kind, string path, params ReadOnlySpan<(string Type, string? Name)> names)
    {
        Json.WriteStartObject();
        Json.WriteString("kind"u8, kind);
        Json.WriteStartObject("metadata"u8);
        Json.WriteString("self"u8, UrlOf(path));
        var resource = "crn:///kafka=" + _cluster;
        foreach (var (type, name) in names) resource += name is null ? $"/{type}" : $"/{type}={name}";
        Json.WriteString("resource_name"u8, resource);
        Json.WriteEndObject();
        Json.WriteString("cluster_id"u8, _cluster);
    }

    public void Link(string name, string path)
    {
        Json.WriteStartObject(name);
        Json.WriteString("related"u8, UrlOf(path));
        Json.WriteEndObject();
    }

    public void Numbers(string name, IEnumerable<int> values)
    {
        Json.WriteStartArray(name);
        foreach (var value in values) Json.WriteNumberValue(value);
        Json.WriteEndArray();
    }

    public void End() => Json.WriteEndObject();

    public ReadOnlySpan<byte> Finish()
    {
        Json.Flush();
        return _buffer.WrittenSpan;
    }

    public void Dispose() => Json.Dispose();

    private string UrlOf(string path) => $"{Origin}/v3/clusters/{_cluster}{path}";
}

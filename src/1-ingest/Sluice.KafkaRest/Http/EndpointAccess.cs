namespace Sluice.KafkaRest.Http;

/// <summary>
/// Which endpoints answer: <c>api.endpoints.allowlist</c> and <c>api.endpoints.blocklist</c> of the official proxy. An entry is the name of
/// an endpoint, such as <c>api.v3.topics.create</c>, or of a kind of them, such as <c>api.v3.topics.*</c>.
/// </summary>
internal sealed class EndpointAccess(IReadOnlyCollection<string> allowed, IReadOnlyCollection<string> blocked)
{
    private static readonly (EmbeddedFormat Format, string Produce, string Consume)[] s_formats =
    [
        (EmbeddedFormat.Binary, ".binary", "-binary"),
        (EmbeddedFormat.Json, ".json", "-json"),
        (EmbeddedFormat.Avro, ".avro", "-avro"),
        (EmbeddedFormat.JsonSchema, ".json-schema", "-json-schema"),
        (EmbeddedFormat.Protobuf, ".protobuf", "-protobuf"),
    ];

    private readonly HashSet<string> _allowed = new(allowed, StringComparer.Ordinal);
    private readonly HashSet<string> _blocked = new(blocked, StringComparer.Ordinal);

    private bool IsUnlimited => _allowed.Count == 0 && _blocked.Count == 0;

    /// <summary>Whether the endpoint answers a request.</summary>
    public bool IsOpen(RouteMethod endpoint, HttpRequest request)
    {
        if (IsUnlimited) return true;
        var format = endpoint.Entity == RequestEntity.Embedded ? Negotiation.FormatOf(request.ContentType)
            : endpoint.Response == ResponseEntity.Negotiated ? Negotiation.FormatOfAnswer(request.Headers.Accept, out _)
            : EmbeddedFormat.None;

        // What no endpoint takes is refused as such further on.
        return format == EmbeddedFormat.None && HasFormats(endpoint) || IsOpen(NameOf(endpoint, format));
    }

    /// <summary>Entries that name no endpoint.</summary>
    public IEnumerable<string> Unknown(IEnumerable<RouteMethod> endpoints)
    {
        var names = endpoints.SelectMany(NamesOf).ToHashSet(StringComparer.Ordinal);
        names.UnionWith(names.Select(KindOf).ToArray());
        return _allowed.Concat(_blocked).Where(entry => !names.Contains(entry)).Distinct();
    }

    private bool IsOpen(string name) =>
        (_allowed.Count == 0 || _allowed.Contains(name) || _allowed.Contains(KindOf(name)))
        && !_blocked.Contains(name) && !_blocked.Contains(KindOf(name));

    private static bool HasFormats(RouteMethod endpoint) =>
        endpoint.Entity == RequestEntity.Embedded || endpoint.Response == ResponseEntity.Negotiated;

    private static IEnumerable<string> NamesOf(RouteMethod endpoint) =>
        HasFormats(endpoint) ? s_formats.Select(f => NameOf(endpoint, f.Format)) : [endpoint.Name];

    private static string NameOf(RouteMethod endpoint, EmbeddedFormat format)
    {
        if (format == EmbeddedFormat.None) return endpoint.Name;
        var suffix = Array.Find(s_formats, f => f.Format == format);
        return endpoint.Name + (endpoint.Entity == RequestEntity.Embedded ? suffix.Produce : suffix.Consume);
    }

    private static string KindOf(string name)
    {
        const string PartitionOffsets = "api.v3.partitions.list.offsets";
        return name == PartitionOffsets ? "api.v3.partition-offsets.*" : name[..name.IndexOf('.', "api.v3.".Length)] + ".*";
    }
}

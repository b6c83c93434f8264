namespace Sluice.KafkaRest.Http;

/// <summary>An endpoint's work. It writes the whole response; what it throws becomes a 500.</summary>
internal delegate Task RestAction(RestRequest request);

/// <summary>What an endpoint needs to know of its request: the values of the path's parameters, in order.</summary>
internal readonly record struct RestRequest(HttpContext Http, RestServices Services, RouteValues Values)
{
    public CancellationToken Cancel => Http.RequestAborted;
}

/// <summary>Values of up to five path parameters, in the order of the template.</summary>
internal readonly record struct RouteValues(string First, string Second, string Third, string Fourth, string Fifth)
{
    public RouteValues With(int index, string value) => index switch
    {
        0 => this with { First = value },
        1 => this with { Second = value },
        2 => this with { Third = value },
        3 => this with { Fourth = value },
        _ => this with { Fifth = value },
    };
}

/// <summary>What the body of a request to an endpoint may be.</summary>
internal enum RequestEntity
{
    Ignored,
    V2,
    Embedded,

    /// <summary>A v2 entity in any of the v2 types.</summary>
    Consumer,

    /// <summary>A v3 entity.</summary>
    Json,
}

/// <summary>What the client must be ready to take.</summary>
internal enum ResponseEntity
{
    V2,

    /// <summary>The endpoint looks at the Accept header itself.</summary>
    Negotiated,

    /// <summary>A v3 entity.</summary>
    Json,
}

/// <summary>One method of a path.</summary>
/// <param name="Name">
/// What it is called in the lists of open and closed endpoints. An endpoint with a name per format, such as api.v2.produce-to-topic.json,
/// has the name here without its last part.
/// </param>
internal sealed record RouteMethod(
    string Method, string Name, RequestEntity Entity, RestAction Action, ResponseEntity Response = ResponseEntity.V2);

/// <summary>A path template such as <c>/topics/{topic}/partitions/{partition}</c> and its methods.</summary>
internal sealed class Route
{
    private readonly string?[] _segments;
    private readonly RouteMethod[] _methods;

    public Route(string template, params RouteMethod[] methods)
    {
        _segments = [.. template.Split('/', StringSplitOptions.RemoveEmptyEntries)
            .Select(segment => segment.StartsWith('{') ? null : segment)];
        _methods = methods;
        var names = methods.Select(e => e.Method).Append("OPTIONS");
        Allow = string.Join(",", methods.Any(e => e.Method == "GET") ? names.Append("HEAD") : names);
    }

    /// <summary>The value of the Allow header.</summary>
    public string Allow { get; }

    public int SegmentCount => _segments.Length;

    public IEnumerable<RouteMethod> Methods => _methods;

    public bool IsMatch(ReadOnlySpan<char> path, ReadOnlySpan<Range> segments)
    {
        for (var i = 0; i < segments.Length; i++)
        {
            var segment = path[segments[i]];
            if (segment.IsEmpty || (_segments[i] is { } literal && !segment.SequenceEqual(literal))) return false;
        }

        return true;
    }

    public RouteValues ValuesOf(ReadOnlySpan<char> path, ReadOnlySpan<Range> segments)
    {
        var values = default(RouteValues);
        var count = 0;
        for (var i = 0; i < segments.Length; i++)
        {
            if (_segments[i] is null) values = values.With(count++, new string(path[segments[i]]));
        }

        return values;
    }

    public RouteMethod? Find(string method)
    {
        if (method == "HEAD") method = "GET";
        foreach (var endpoint in _methods)
        {
            if (endpoint.Method == method) return endpoint;
        }

        return null;
    }
}

/// <summary>All routes of the proxy. A path is matched segment by segment; the first route of the table that fits is taken.</summary>
internal sealed class RouteTable
{
    private const int SegmentsMax = 16;

    private readonly Route[][] _bySegmentCount;

    public RouteTable(params Route[] routes)
    {
        _bySegmentCount = [.. Enumerable.Range(0, SegmentsMax)
            .Select(count => routes.Where(route => route.SegmentCount == count).ToArray())];
    }

    public Route? Find(ReadOnlySpan<char> path, out RouteValues values)
    {
        values = default;
        path = path.Trim('/');
        Span<Range> ranges = stackalloc Range[SegmentsMax];
        var count = path.IsEmpty ? 0 : path.Split(ranges, '/');
        if (count == SegmentsMax) return null;
        var segments = ranges[..count];
        foreach (var route in _bySegmentCount[count])
        {
            if (!route.IsMatch(path, segments)) continue;
            values = route.ValuesOf(path, segments);
            return route;
        }

        return null;
    }
}

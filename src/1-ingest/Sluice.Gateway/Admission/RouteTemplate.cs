namespace Sluice.Gateway.Admission;

/// <summary>A path template of API Gateway: literal segments, <c>{name}</c>, and at the end <c>{name+}</c>.</summary>
internal sealed class RouteTemplate : IComparable<RouteTemplate>
{
    private readonly Segment[] _segments;

    private RouteTemplate(Segment[] segments) => _segments = segments;

    private enum SegmentKind
    {
        Literal,
        Parameter,
        Greedy,
    }

    public static RouteTemplate? Parse(string template, out string fault)
    {
        fault = "";
        if (!template.StartsWith('/'))
        {
            fault = $"'{template}' must begin with '/'.";
            return null;
        }

        var texts = template.Length == 1 ? [] : template[1..].Split('/');
        var segments = new Segment[texts.Length];
        for (var i = 0; i < texts.Length; i++)
        {
            segments[i] = ParseSegment(texts[i]);
            if (segments[i].Text.Length == 0 || segments[i].Text.AsSpan().ContainsAny("{}+"))
            {
                fault = $"'{texts[i]}' in '{template}' is not a literal, {{name}} or {{name+}}.";
                return null;
            }

            if (segments[i].Kind == SegmentKind.Greedy && i < texts.Length - 1)
            {
                fault = $"'{texts[i]}' in '{template}' takes all that follows and must be the last segment.";
                return null;
            }
        }

        return new RouteTemplate(segments);
    }

    public bool HasParameter(string name) => _segments.Any(s => s.Kind != SegmentKind.Literal && s.Text == name);

    /// <summary>Whether both take the same paths: they differ at most in the names of parameters.</summary>
    public bool TakesSamePaths(RouteTemplate other) =>
        _segments.Length == other._segments.Length
        && _segments.Zip(other._segments).All(pair =>
            pair.First.Kind == pair.Second.Kind && (pair.First.Kind != SegmentKind.Literal || pair.First.Text == pair.Second.Text));

    /// <summary>Matches the path after the stage, which begins with '/'. A greedy segment takes at least one character.</summary>
    public bool IsMatch(ReadOnlySpan<char> path)
    {
        foreach (var segment in _segments)
        {
            if (path.Length < 2) return false;
            path = path[1..];
            if (segment.Kind == SegmentKind.Greedy) return true;
            var end = path.IndexOf('/');
            var text = end < 0 ? path : path[..end];
            if (text.IsEmpty || (segment.Kind == SegmentKind.Literal && !text.SequenceEqual(segment.Text))) return false;
            path = path[text.Length..];
        }

        return path.IsEmpty || path.SequenceEqual("/");
    }

    /// <summary>The value of a parameter in a path that matches.</summary>
    public ReadOnlySpan<char> ValueOf(string parameter, ReadOnlySpan<char> path)
    {
        foreach (var segment in _segments)
        {
            path = path[1..];
            if (segment.Kind == SegmentKind.Greedy) return segment.Text == parameter ? path : default;
            var end = path.IndexOf('/');
            var text = end < 0 ? path : path[..end];
            if (segment.Kind == SegmentKind.Parameter && segment.Text == parameter) return text;
            path = path[text.Length..];
        }

        return default;
    }

    /// <summary>Orders the most specific first: segment by segment a literal before a parameter before a greedy one.</summary>
    public int CompareTo(RouteTemplate? other)
    {
        if (other is null) return 1;
        for (var i = 0; i < Math.Min(_segments.Length, other._segments.Length); i++)
        {
            var order = _segments[i].Kind.CompareTo(other._segments[i].Kind);
            if (order != 0) return order;
        }

        return other._segments.Length.CompareTo(_segments.Length);
    }

    public override string ToString() => "/" + string.Join('/', _segments.Select(segment => segment.Kind switch
    {
        SegmentKind.Literal => segment.Text,
        SegmentKind.Parameter => $"{{{segment.Text}}}",
        _ => $"{{{segment.Text}+}}",
    }));

    private static Segment ParseSegment(string text)
    {
        if (text.StartsWith('{') && text.EndsWith("+}", StringComparison.Ordinal)) return new(SegmentKind.Greedy, text[1..^2]);
        return text.StartsWith('{') && text.EndsWith('}') ? new(SegmentKind.Parameter, text[1..^1]) : new(SegmentKind.Literal, text);
    }

    private readonly record struct Segment(SegmentKind Kind, string Text);
}

using System.Text;

namespace Sluice.Gateway.Admission;

/// <summary>The URL of an HTTP integration, such as <c>http://10.0.0.5:8082/{proxy}</c>.</summary>
internal sealed class UrlTemplate
{
    private readonly RouteTemplate _route;
    private readonly (string Text, string? Parameter)[] _parts;

    private UrlTemplate(RouteTemplate route, (string, string?)[] parts)
    {
        _route = route;
        _parts = parts;
    }

    public static bool LooksLikeUrl(string text) =>
        text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    public static UrlTemplate? Parse(string url, RouteTemplate route, out string fault)
    {
        fault = "";
        var parts = new List<(string, string?)>();
        var rest = url.AsSpan();
        while (rest.IndexOf('{') is >= 0 and var open)
        {
            var close = rest.IndexOf('}');
            var name = close > open ? new string(rest[(open + 1)..close]) : "";
            if (!route.HasParameter(name))
            {
                fault = $"'{url}' names a parameter '{name}' that the route's path does not have.";
                return null;
            }

            parts.Add((new string(rest[..open]), name));
            rest = rest[(close + 1)..];
        }

        parts.Add((new string(rest), null));
        var sample = string.Concat(parts.Select(part => part.Item2 is null ? part.Item1 : part.Item1 + "x"));
        if (Uri.TryCreate(sample, UriKind.Absolute, out var parsed) && parsed.Host.Length > 0 && parts[0].Item1.Length > "https://".Length)
        {
            return new UrlTemplate(route, [.. parts]);
        }

        fault = $"'{url}' is not an absolute http:// or https:// URL.";
        return null;
    }

    /// <summary>The target of a request: parameters filled in and escaped (slashes and what is escaped already stay), the query appended.</summary>
    public Uri Fill(ReadOnlySpan<char> path, string query)
    {
        var url = new StringBuilder();
        foreach (var (text, parameter) in _parts)
        {
            url.Append(text);
            if (parameter is null) continue;
            var value = new PathString("/" + new string(_route.ValueOf(parameter, path)));
            url.Append(value.ToUriComponent().AsSpan(1));
        }

        return new Uri(url.Append(query).ToString());
    }
}

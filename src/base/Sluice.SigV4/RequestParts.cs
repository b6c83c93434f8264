namespace Sluice.SigV4;

/// <summary>The parts of a request that a signature covers, besides its body.</summary>
/// <param name="Method">The method, in capitals.</param>
/// <param name="Path">The path as it stands on the request line, still percent-encoded; empty means <c>/</c>.</param>
/// <param name="Query">The query as it stands on the request line, without the question mark.</param>
/// <param name="Headers">The headers, <c>Host</c> among them.</param>
public readonly record struct RequestParts(string Method, string Path, string Query, IHeaderDictionary Headers)
{
    /// <summary>Splits the target of a request line: <c>/path?query</c>, or the absolute form that proxies are sent.</summary>
    public static RequestParts FromTarget(string method, string target, IHeaderDictionary headers)
    {
        var start = 0;
        if (!target.StartsWith('/') && target.IndexOf("://", StringComparison.Ordinal) is var scheme and > 0)
        {
            var end = target.AsSpan(scheme + 3).IndexOfAny('/', '?');
            start = end < 0 ? target.Length : scheme + 3 + end;
        }

        var question = target.IndexOf('?', start);
        return question < 0
            ? new RequestParts(method, target[start..], "", headers)
            : new RequestParts(method, target[start..question], target[(question + 1)..], headers);
    }
}

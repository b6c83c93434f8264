using System.Collections.Frozen;

namespace Sluice.SigV4;

/// <summary>Header names as strings without a copy: the ones that clients of AWS sign.</summary>
internal static class HeaderName
{
    public const string Authorization = "Authorization";
    public const string Host = "Host";

    /// <summary>The name clients of HTTP/2 sign the host by.</summary>
    public const string Authority = ":authority";

    public const string Date = "X-Amz-Date";
    public const string SecurityToken = "X-Amz-Security-Token";
    public const string Target = "X-Amz-Target";

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> s_usual = FrozenSet.ToFrozenSet(
        [
            "host", "content-type", "content-length", "content-md5", "date", "user-agent", "accept", "x-amz-date", "x-amz-target",
            "x-amz-security-token", "x-amz-content-sha256", "x-amz-user-agent", "amz-sdk-invocation-id", "amz-sdk-request",
            "x-amzn-query-mode", "x-api-key",
        ],
        StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    public static string Of(ReadOnlySpan<char> name) => s_usual.TryGetValue(name, out var usual) ? usual : name.ToString();
}

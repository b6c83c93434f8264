using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sluice.Bytes;

namespace Sluice.SigV4;

/// <summary>Signs requests with AWS Signature Version 4.</summary>
/// <remarks>Safe for any number of threads. Derived keys are kept, so a request costs two hashes and one HMAC.</remarks>
public sealed class Signer
{
    // Intermediaries add or change these, or they hold the signature itself.
    private static readonly HashSet<string> s_unsigned = new(StringComparer.OrdinalIgnoreCase)
    {
        HeaderName.Authorization, "Connection", "Expect", "Transfer-Encoding", "User-Agent", "X-Amzn-Trace-Id",
    };

    private readonly SigningScope _scope;
    private readonly TimeProvider _time;
    private readonly PathStyle _style;
    private readonly SigningKeys _keys = new();

    public Signer(SigningScope scope, TimeProvider time, PathStyle style = PathStyle.Normalized)
    {
        _scope = scope;
        _time = time;
        _style = style;
    }

    /// <summary>
    /// Signs in the headers: sets <c>X-Amz-Date</c>, <c>X-Amz-Security-Token</c> where there is one, for S3
    /// <c>X-Amz-Content-Sha256</c>, and <c>Authorization</c>. Every other header that is there, <c>Host</c> among them, is signed.
    /// </summary>
    public void Sign(in RequestParts request, ReadOnlySpan<byte> body, Credentials credentials) =>
        Sign(request, PayloadHash.Of(body), credentials);

    /// <inheritdoc cref="Sign(in RequestParts, ReadOnlySpan{byte}, Credentials)"/>
    /// <param name="request">The request; its headers are changed.</param>
    /// <param name="payloadHash">What stands for the body: <see cref="PayloadHash.Of"/> it, or a word.</param>
    /// <param name="credentials">Who signs.</param>
    public void Sign(in RequestParts request, string payloadHash, Credentials credentials)
    {
        var timestamp = Timestamp.Of(_time.GetUtcNow());
        var headers = request.Headers;
        headers[HeaderName.Date] = timestamp;
        if (credentials.SessionToken is not null) headers[HeaderName.SecurityToken] = credentials.SessionToken;
        if (_style == PathStyle.Verbatim) headers[PayloadHash.Header] = payloadHash;
        var signedHeaders = SignedHeaders(headers);
        var credential = CredentialText(credentials, timestamp);
        var signature = Signature(request, signedHeaders, payloadHash, credentials, credential, timestamp);
        headers.Authorization =
            $"{SignatureClaim.Algorithm} Credential={credential}, SignedHeaders={signedHeaders}, Signature={signature}";
    }

    /// <summary>
    /// Signs in the query: returns the query of a URL that is good for <paramref name="life"/> (at most seven days), for a
    /// request with the given headers. S3 leaves the body unsigned; other services sign an empty one.
    /// </summary>
    public string Presign(in RequestParts request, TimeSpan life, Credentials credentials)
    {
        var seconds = (int)life.TotalSeconds;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(seconds, SigV4Limits.ExpirySecondsMax, nameof(life));
        ArgumentOutOfRangeException.ThrowIfNegative(seconds, nameof(life));
        var timestamp = Timestamp.Of(_time.GetUtcNow());
        var credential = CredentialText(credentials, timestamp);
        var signedHeaders = SignedHeaders(request.Headers);
        var query = new StringBuilder(request.Query).Append(request.Query.Length == 0 ? "" : "&")
            .Append("X-Amz-Algorithm=").Append(SignatureClaim.Algorithm)
            .Append("&X-Amz-Credential=").Append(Uri.EscapeDataString(credential))
            .Append("&X-Amz-Date=").Append(timestamp)
            .Append(CultureInfo.InvariantCulture, $"&X-Amz-Expires={seconds}");
        if (credentials.SessionToken is not null)
            query.Append("&X-Amz-Security-Token=").Append(Uri.EscapeDataString(credentials.SessionToken));
        query.Append("&X-Amz-SignedHeaders=").Append(Uri.EscapeDataString(signedHeaders));
        var payloadHash = _style == PathStyle.Verbatim ? PayloadHash.Unsigned : PayloadHash.Empty;
        var signature = Signature(
            request with { Query = query.ToString() }, signedHeaders, payloadHash, credentials, credential, timestamp);
        return query.Append('&').Append(CanonicalQuery.Signature).Append('=').Append(signature).ToString();
    }

    private string CredentialText(Credentials credentials, string timestamp) =>
        $"{credentials.AccessKeyId}/{timestamp.AsSpan(0, Timestamp.DateLength)}/{_scope.Region}/{_scope.Service}/{CredentialScope.Terminator}";

    private static string SignedHeaders(IHeaderDictionary headers)
    {
        var names = headers.Keys.Where(name => !s_unsigned.Contains(name)).Select(name => name.ToLowerInvariant()).ToArray();
        Array.Sort(names, StringComparer.Ordinal);
        return string.Join(';', names);
    }

    private string Signature(
        in RequestParts request, string signedHeaders, string payloadHash, Credentials credentials, string credential, string timestamp)
    {
        using var canonical = new ByteWriter(1024, SigV4Limits.CanonicalBytesMax);
        CanonicalRequest.Write(canonical, request, _style, signedHeaders, payloadHash);
        Span<byte> signature = stackalloc byte[HMACSHA256.HashSizeInBytes];
        CanonicalRequest.Sign(
            canonical.WrittenSpan, timestamp, credential.AsSpan(credentials.AccessKeyId.Length + 1), _keys.Get(credentials, credential), signature);
        return Convert.ToHexStringLower(signature);
    }
}

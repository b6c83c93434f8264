using System.Security.Cryptography;
using Sluice.Bytes;

namespace Sluice.SigV4;

/// <summary>
/// Checks AWS Signature Version 4 on requests, in the header <c>Authorization</c> or in the query of a presigned URL
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html).
/// </summary>
/// <remarks>Safe for any number of threads. Secrets never leave it: faults hold names, times and scopes only.</remarks>
public sealed class Verifier
{
    private readonly SigningScope _scope;
    private readonly Func<string, Credentials?> _lookup;
    private readonly TimeProvider _time;
    private readonly PathStyle _style;
    private readonly SigningKeys _keys = new();

    /// <param name="scope">The region and the service that a signature must be made for.</param>
    /// <param name="lookup">The credentials of an access key, or null when there is no such key; asked once a request.</param>
    /// <param name="time">The clock; a signature's time may lie 15 minutes to either side.</param>
    /// <param name="style">How the service signs paths.</param>
    public Verifier(SigningScope scope, Func<string, Credentials?> lookup, TimeProvider time, PathStyle style = PathStyle.Normalized)
    {
        _scope = scope;
        _lookup = lookup;
        _time = time;
        _style = style;
    }

    /// <summary>Checks a request whose body is at hand: the body must be the one that was signed.</summary>
    public Verification Verify(in RequestParts request, ReadOnlySpan<byte> body)
    {
        // Only S3 lets the client say what stands for the body.
        if (_style == PathStyle.Normalized) return Check(request, PayloadHash.Of(body));
        var verdict = VerifyHead(request);
        return verdict.IsAccepted && verdict.PayloadHash.Length == PayloadHash.Empty.Length && verdict.PayloadHash != PayloadHash.Of(body)
            ? Refused(SignatureFault.Invalid("The provided 'x-amz-content-sha256' header does not match what was computed."))
            : verdict;
    }

    /// <summary>
    /// Checks a request whose body is still to come. The caller must then hold the body against
    /// <see cref="Verification.PayloadHash"/>: a hash in 64 digits, or a word that says how the body is signed, if at all.
    /// </summary>
    public Verification VerifyHead(in RequestParts request)
    {
        var stated = request.Headers.TryGetValue(PayloadHash.Header, out var header)
            ? header.ToString()
            : CanonicalQuery.Find(request.Query, PayloadHash.Header);
        return Check(request, string.IsNullOrEmpty(stated)
            ? _style == PathStyle.Verbatim ? PayloadHash.Unsigned : PayloadHash.Empty
            : stated);
    }

    private Verification Check(in RequestParts request, string payloadHash)
    {
        if (SignatureClaim.Read(request, out var claim) is { } unreadable) return Refused(unreadable);
        if (CredentialScope.Parse(claim.Credential) is not { } scope)
        {
            return Refused(SignatureFault.Incomplete(
                $"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{claim.Credential}'"));
        }

        if (CheckSignedHeaders(request.Headers, claim) is { } unsigned) return Refused(unsigned);
        if (CheckScope(claim, scope) is { } foreign) return Refused(foreign);
        if (CheckTime(claim) is { } late) return Refused(late);
        var credentials = _lookup(scope.AccessKeyId(claim.Credential).ToString());
        if (credentials is null || !HasToken(credentials, claim.SessionToken)) return Refused(SignatureFault.UnknownClient);
        return Matches(request, claim, scope, credentials, payloadHash)
            ? new Verification(credentials, payloadHash, null)
            : Refused(SignatureFault.Mismatch);
    }

    private bool Matches(
        in RequestParts request, in SignatureClaim claim, CredentialScope scope, Credentials credentials, string payloadHash)
    {
        Span<byte> stated = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (claim.Signature.Length != 2 * stated.Length
            || Convert.FromHexString(claim.Signature, stated, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        using var canonical = new ByteWriter(1024, SigV4Limits.CanonicalBytesMax);
        CanonicalRequest.Write(canonical, request, _style, claim.SignedHeaders, payloadHash);
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var key = _keys.Get(credentials, claim.Credential);
        CanonicalRequest.Sign(canonical.WrittenSpan, claim.Timestamp, scope.Text(claim.Credential), key, expected);
        return CryptographicOperations.FixedTimeEquals(stated, expected);
    }

    private static bool HasToken(Credentials credentials, string? token)
    {
        if (credentials.SessionToken is null) return string.IsNullOrEmpty(token);
        return token is not null && CryptographicOperations.FixedTimeEquals(
            System.Text.Encoding.UTF8.GetBytes(credentials.SessionToken), System.Text.Encoding.UTF8.GetBytes(token));
    }

    /// <summary>The host must be covered, and the header that names the action, or one signature would be good for others.</summary>
    private static SignatureFault? CheckSignedHeaders(IHeaderDictionary headers, in SignatureClaim claim)
    {
        var (host, target, count) = (false, !headers.ContainsKey(HeaderName.Target), 0);
        var last = ReadOnlySpan<char>.Empty;
        foreach (var range in claim.SignedHeaders.Split(';'))
        {
            var name = claim.SignedHeaders[range];
            // Each name once, or a short list could repeat a long header beyond every bound.
            if (name.SequenceCompareTo(last) <= 0) return SignatureFault.Incomplete("SignedHeaders must be in order, each name once.");
            last = name;
            host |= name.Equals(HeaderName.Host, StringComparison.OrdinalIgnoreCase) || name.SequenceEqual(HeaderName.Authority);
            target |= name.Equals(HeaderName.Target, StringComparison.OrdinalIgnoreCase);
            if (++count > SigV4Limits.SignedHeadersMax)
                return SignatureFault.Incomplete($"SignedHeaders names more than {SigV4Limits.SignedHeadersMax} headers.");
        }

        if (!host) return SignatureFault.Invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
        return target ? null : SignatureFault.Invalid("'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.");
    }

    private SignatureFault? CheckScope(in SignatureClaim claim, CredentialScope scope)
    {
        var text = claim.Credential;
        if (!scope.Last(text).SequenceEqual(CredentialScope.Terminator))
        {
            return SignatureFault.Invalid(
                $"Credential should be scoped with a valid terminator: '{CredentialScope.Terminator}', not '{scope.Last(text)}'.");
        }

        if (!scope.Region(text).SequenceEqual(_scope.Region))
            return SignatureFault.Invalid($"Credential should be scoped to a valid region, not '{scope.Region(text)}'. The region here is '{_scope.Region}'.");
        if (!scope.Service(text).SequenceEqual(_scope.Service))
            return SignatureFault.Invalid($"Credential should be scoped to correct service: '{_scope.Service}'.");
        var day = claim.Timestamp[..SigV4.Timestamp.DateLength];
        return scope.Date(text).SequenceEqual(day)
            ? null
            : SignatureFault.Invalid(
                $"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                + $"'{scope.Date(text)}' != '{day}', from '{claim.Timestamp}'.");
    }

    private SignatureFault? CheckTime(in SignatureClaim claim)
    {
        var now = _time.GetUtcNow();
        var skew = SigV4Limits.Skew;
        if (claim.Time > now + skew)
        {
            return SignatureFault.Expired(
                $"Signature not yet current: {claim.Timestamp} is still later than {Timestamp.Of(now + skew)} ({Timestamp.Of(now)} + {skew.TotalMinutes} min.)");
        }

        // A presigned request lives as long as it says; a header's signature as long as clocks may differ.
        var life = claim.Expires ?? skew;
        return claim.Time + life >= now
            ? null
            : SignatureFault.Expired(claim.Expires is null
                ? $"Signature expired: {claim.Timestamp} is now earlier than {Timestamp.Of(now - skew)} ({Timestamp.Of(now)} - {skew.TotalMinutes} min.)"
                : $"Signature expired: {claim.Timestamp} + {life.TotalSeconds} s is now earlier than {Timestamp.Of(now)}");
    }

    private static Verification Refused(SignatureFault fault) => new(null, "", fault);
}

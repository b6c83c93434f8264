using System.Globalization;

namespace Sluice.SigV4;

/// <summary>What a request says of its own signature, in the header <c>Authorization</c> or in the query; the texts are the request's own.</summary>
internal ref struct SignatureClaim
{
    public const string Algorithm = "AWS4-HMAC-SHA256";

    public ReadOnlySpan<char> Credential;
    public ReadOnlySpan<char> SignedHeaders;
    public ReadOnlySpan<char> Signature;

    /// <summary>The time signed, <c>yyyyMMddTHHmmssZ</c>.</summary>
    public ReadOnlySpan<char> Timestamp;

    public DateTimeOffset Time;

    /// <summary>The session token, or null.</summary>
    public string? SessionToken;

    /// <summary>How long a presigned request lives; null for one that is signed in its headers.</summary>
    public TimeSpan? Expires;

    public bool IsPresigned;

    /// <summary>Reads the claim; the fault says what is missing.</summary>
    public static SignatureFault? Read(in RequestParts request, out SignatureClaim claim)
    {
        claim = default;
        var authorization = request.Headers.Authorization.ToString();
        var presigned = CanonicalQuery.IsPresigned(request.Query);
        if (authorization.Length > 0 && presigned)
        {
            return SignatureFault.Invalid(
                "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
        }

        if (presigned) return ReadQuery(request, ref claim);
        return authorization.Length == 0 ? SignatureFault.Missing : ReadHeader(authorization, request.Headers, ref claim);
    }

    private static SignatureFault? ReadHeader(string authorization, IHeaderDictionary headers, ref SignatureClaim claim)
    {
        var text = authorization.AsSpan().Trim();
        var space = text.IndexOf(' ');
        var scheme = space < 0 ? text : text[..space];
        if (!scheme.SequenceEqual(Algorithm))
        {
            // Another scheme (Basic, Bearer) is no token of AWS; the scheme may be a secret itself, so the answer does not repeat it.
            return scheme.StartsWith("AWS", StringComparison.Ordinal)
                ? SignatureFault.Incomplete($"Unsupported AWS 'algorithm': sign with '{Algorithm}'.")
                : SignatureFault.Missing;
        }

        ReadParameters(text[scheme.Length..], ref claim);
        claim.SessionToken = headers.TryGetValue(HeaderName.SecurityToken, out var token) ? token.ToString() : null;
        var date = headers.TryGetValue(HeaderName.Date, out var stated) ? stated.ToString() : null;
        var missing = Requires(claim.Credential, "Credential") + Requires(claim.Signature, "Signature")
            + Requires(claim.SignedHeaders, "SignedHeaders");
        if (string.IsNullOrEmpty(date) && headers.Date.Count == 0)
            missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
        if (missing.Length > 0) return SignatureFault.Incomplete(missing.TrimEnd());
        return ReadTime(string.IsNullOrEmpty(date) ? headers.Date.ToString() : date, ref claim);
    }

    private static string Requires(ReadOnlySpan<char> value, string name) =>
        value.IsEmpty ? $"Authorization header requires '{name}' parameter. " : "";

    /// <summary>Parameters stand with commas, spaces or both between them; an unknown one is passed over.</summary>
    private static void ReadParameters(ReadOnlySpan<char> text, ref SignatureClaim claim)
    {
        foreach (var range in text.SplitAny(',', ' '))
        {
            var parameter = text[range];
            var equals = parameter.IndexOf('=');
            if (equals < 0) continue;
            var value = parameter[(equals + 1)..];
            switch (parameter[..equals])
            {
                case "Credential":
                    claim.Credential = value;
                    break;
                case "SignedHeaders":
                    claim.SignedHeaders = value;
                    break;
                case "Signature":
                    claim.Signature = value;
                    break;
                default:
                    break;
            }
        }
    }

    private static SignatureFault? ReadTime(string text, ref SignatureClaim claim)
    {
        if ((SigV4.Timestamp.Parse(text) ?? SigV4.Timestamp.ParseDate(text)) is not { } time)
        {
            return SignatureFault.Incomplete(
                $"Date must be in ISO-8601 'basic format'. Got '{text}'. See http://en.wikipedia.org/wiki/ISO_8601");
        }

        claim.Time = time;
        claim.Timestamp = text.Length == SigV4.Timestamp.Length ? text : SigV4.Timestamp.Of(time);
        return null;
    }

    private static SignatureFault? ReadQuery(in RequestParts request, ref SignatureClaim claim)
    {
        claim.IsPresigned = true;
        var algorithm = CanonicalQuery.Find(request.Query, "X-Amz-Algorithm");
        claim.Credential = CanonicalQuery.Find(request.Query, "X-Amz-Credential");
        claim.SignedHeaders = CanonicalQuery.Find(request.Query, "X-Amz-SignedHeaders");
        claim.Signature = CanonicalQuery.Find(request.Query, CanonicalQuery.Signature);
        claim.SessionToken = CanonicalQuery.Find(request.Query, "X-Amz-Security-Token");
        var date = CanonicalQuery.Find(request.Query, "X-Amz-Date");
        var missing = QueryRequires(algorithm, "X-Amz-Algorithm") + QueryRequires(claim.Credential, "X-Amz-Credential")
            + QueryRequires(claim.Signature, CanonicalQuery.Signature) + QueryRequires(claim.SignedHeaders, "X-Amz-SignedHeaders")
            + QueryRequires(date, "X-Amz-Date");
        if (missing.Length > 0) return SignatureFault.Incomplete(missing + "Re-examine the query-string parameters.");
        if (algorithm != Algorithm) return SignatureFault.Incomplete($"Unsupported AWS 'algorithm': '{algorithm}'.");
        return ReadExpiry(CanonicalQuery.Find(request.Query, "X-Amz-Expires"), ref claim) ?? ReadTime(date!, ref claim);
    }

    private static string QueryRequires(ReadOnlySpan<char> value, string name) =>
        value.IsEmpty ? $"AWS query-string parameters must include '{name}'. " : "";

    private static SignatureFault? ReadExpiry(string? text, ref SignatureClaim claim)
    {
        if (text is null) return null;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > SigV4Limits.ExpirySecondsMax)
        {
            return SignatureFault.Incomplete(
                $"X-Amz-Expires must be a number of seconds from 0 to {SigV4Limits.ExpirySecondsMax} (seven days). Got '{text}'.");
        }

        claim.Expires = TimeSpan.FromSeconds(seconds);
        return null;
    }
}

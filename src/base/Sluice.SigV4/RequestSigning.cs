namespace Sluice.SigV4;

/// <summary>Signing for requests of <see cref="HttpClient"/>.</summary>
public static class RequestSigning
{
    /// <summary>
    /// Signs a request whose address is absolute and whose body, if any, has these bytes; its content headers are signed where they are set.
    /// </summary>
    /// <param name="signer">The signer for the region and service of the endpoint.</param>
    /// <param name="request">The request; receives the signature's headers, and <c>Host</c>.</param>
    /// <param name="body">The bytes of its content.</param>
    /// <param name="credentials">Who signs.</param>
    public static void Sign(this Signer signer, HttpRequestMessage request, ReadOnlySpan<byte> body, Credentials credentials)
    {
        var uri = request.RequestUri ?? throw new ArgumentException("The request has no address.", nameof(request));
        // With the port unless it is the one of the scheme, as the client sends it.
        request.Headers.Host ??= uri.Authority;
        var headers = new HeaderDictionary();
        foreach (var (name, values) in request.Headers.NonValidated) headers[name] = values.ToArray();
        if (request.Content is not null)
        {
            foreach (var (name, values) in request.Content.Headers.NonValidated) headers[name] = values.ToArray();
        }

        signer.Sign(new RequestParts(request.Method.Method, uri.AbsolutePath, uri.Query.TrimStart('?'), headers), body, credentials);
        foreach (var name in (ReadOnlySpan<string>)[HeaderName.Date, HeaderName.SecurityToken, PayloadHash.Header, HeaderName.Authorization])
        {
            if (!headers.TryGetValue(name, out var value)) continue;
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value.ToString());
        }
    }
}

namespace Sluice.SigV4;

/// <summary>The places of the five parts of a credential: <c>ACCESSKEY/20150830/us-east-1/service/aws4_request</c>.</summary>
internal readonly record struct CredentialScope(int KeyEnd, int DateEnd, int RegionEnd, int ServiceEnd)
{
    public const string Terminator = "aws4_request";

    /// <summary>Null when the text has not five parts, or is longer than <see cref="SigV4Limits.CredentialCharactersMax"/>.</summary>
    public static CredentialScope? Parse(ReadOnlySpan<char> credential)
    {
        if (credential.Length > SigV4Limits.CredentialCharactersMax) return null;
        // An access key may hold slashes where people choose their own keys, so the parts are counted from the end.
        var service = credential.LastIndexOf('/');
        var region = service < 0 ? -1 : credential[..service].LastIndexOf('/');
        var date = region < 0 ? -1 : credential[..region].LastIndexOf('/');
        var key = date < 0 ? -1 : credential[..date].LastIndexOf('/');
        return key <= 0 ? null : new CredentialScope(key, date, region, service);
    }

    public ReadOnlySpan<char> AccessKeyId(ReadOnlySpan<char> credential) => credential[..KeyEnd];

    public ReadOnlySpan<char> Date(ReadOnlySpan<char> credential) => credential[(KeyEnd + 1)..DateEnd];

    public ReadOnlySpan<char> Region(ReadOnlySpan<char> credential) => credential[(DateEnd + 1)..RegionEnd];

    public ReadOnlySpan<char> Service(ReadOnlySpan<char> credential) => credential[(RegionEnd + 1)..ServiceEnd];

    public ReadOnlySpan<char> Last(ReadOnlySpan<char> credential) => credential[(ServiceEnd + 1)..];

    /// <summary>Everything behind the access key: what the string to sign names.</summary>
    public ReadOnlySpan<char> Text(ReadOnlySpan<char> credential) => credential[(KeyEnd + 1)..];
}

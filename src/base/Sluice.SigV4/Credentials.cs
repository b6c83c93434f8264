using System.Diagnostics;

namespace Sluice.SigV4;

/// <summary>An access key with its secret, and the token of a temporary session. No text form of it shows the secret or the token.</summary>
[DebuggerDisplay("{AccessKeyId}")]
public sealed record Credentials
{
    /// <param name="accessKeyId">Names the key; it is public and stands in every signed request.</param>
    /// <param name="secret">The secret access key.</param>
    /// <param name="sessionToken">The token that temporary credentials come with, else null.</param>
    public Credentials(string accessKeyId, string secret, string? sessionToken = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(accessKeyId);
        ArgumentException.ThrowIfNullOrEmpty(secret);
        AccessKeyId = accessKeyId;
        Secret = secret;
        SessionToken = string.IsNullOrEmpty(sessionToken) ? null : sessionToken;
    }

    public string AccessKeyId { get; }

    public string Secret { get; }

    public string? SessionToken { get; }

    public override string ToString() => AccessKeyId;
}

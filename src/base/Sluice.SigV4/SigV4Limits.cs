namespace Sluice.SigV4;

/// <summary>The bounds of signing and verifying, and where each number comes from.</summary>
internal static class SigV4Limits
{
    /// <summary>AWS: "the timestamp must be within 15 minutes of the AWS system time when the request is received".</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromMinutes(15);

    /// <summary>AWS: a presigned URL lives for 604,800 seconds, seven days, at the most.</summary>
    public const int ExpirySecondsMax = 604_800;

    /// <summary>
    /// Room for a canonical request: HTTP servers refuse a request line with headers of more than 40 KiB (Kestrel), and encoding
    /// makes a byte three.
    /// </summary>
    public const int CanonicalBytesMax = 256 * 1024;

    /// <summary>Keys derived for one access key, day, region and service; a server sees a few of them a day.</summary>
    public const int DerivedKeysMax = 1_024;

    /// <summary>A scope is an access key of at most 128 characters (IAM), a date, a region, a service and a terminator.</summary>
    public const int CredentialCharactersMax = 256;

    /// <summary>Headers a request may sign; Kestrel refuses requests of more than 100.</summary>
    public const int SignedHeadersMax = 100;
}

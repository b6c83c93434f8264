using System.Security.Cryptography;

namespace Sluice.SigV4;

/// <summary>The words that stand for a body at the end of a canonical request.</summary>
public static class PayloadHash
{
    /// <summary>The body is not covered by the signature: presigned URLs of S3, and uploads over TLS.</summary>
    public const string Unsigned = "UNSIGNED-PAYLOAD";

    /// <summary>The hash of no bytes.</summary>
    public const string Empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// <summary>The header in which a client states the hash it signed.</summary>
    public const string Header = "X-Amz-Content-Sha256";

    /// <summary>SHA-256 of the body in lower-case hexadecimal digits.</summary>
    public static string Of(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty) return Empty;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        return Convert.ToHexStringLower(hash);
    }
}

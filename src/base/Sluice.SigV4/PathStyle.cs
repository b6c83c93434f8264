namespace Sluice.SigV4;

/// <summary>How a service writes the path into the canonical request.</summary>
public enum PathStyle
{
    /// <summary>Dot segments and empty segments removed, then encoded once more: every service but S3.</summary>
    Normalized,

    /// <summary>As it was sent, encoded once: S3, whose keys may hold <c>//</c> and <c>..</c>.</summary>
    Verbatim,
}

namespace Sluice.Log;

/// <summary>Every bound of the embedded log, with the reason for its number.</summary>
public sealed record LogLimits
{
    /// <summary>
    /// Bytes that the records of one compressed batch may become: 128 MiB. A hundred times the default message.max.bytes, which
    /// leaves room for text that compresses well and stops a batch that is nothing but a bomb.
    /// </summary>
    public const int DecompressedBytesMax = 128 << 20;
}

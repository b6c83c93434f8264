using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Sluice.Bytes;

namespace Sluice.Kinesis.Shards;

/// <summary>
/// A NextToken: where a list goes on, and the moment it was given. All of it is in its text; it expires after five minutes.
/// </summary>
internal static class PageToken
{
    private const char Separator = '\n';

    /// <summary>A token of an action, holding these parts, none of which has a line break.</summary>
    public static string Create(KinesisCall call, string action, params string[] parts)
    {
        var text = Encoding.UTF8.GetBytes(string.Join(Separator, [action, call.NowMs.ToString(CultureInfo.InvariantCulture), .. parts]));
        var bytes = new byte[sizeof(uint) + text.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, Crc32C.Compute(text));
        text.CopyTo(bytes, sizeof(uint));
        return Convert.ToBase64String(bytes);
    }

    /// <summary>The parts of a token; the error when it is none of this action or has expired.</summary>
    public static string[]? Read(KinesisCall call, string action, string token, out KinesisError? error)
    {
        error = KinesisError.InvalidArgument("Invalid NextToken.");
        var bytes = new byte[token.Length];
        if (!Convert.TryFromBase64String(token, bytes, out var length) || length < sizeof(uint)) return null;
        var text = bytes.AsSpan(sizeof(uint), length - sizeof(uint));
        if (BinaryPrimitives.ReadUInt32BigEndian(bytes) != Crc32C.Compute(text)) return null;
        var parts = Encoding.UTF8.GetString(text).Split(Separator);
        if (parts.Length < 2 || parts[0] != action) return null;
        var issuedMs = long.Parse(parts[1], CultureInfo.InvariantCulture);
        var isExpired = call.NowMs - issuedMs > KinesisLimits.IteratorLife.TotalMilliseconds;
        error = isExpired ? KinesisError.ExpiredNextToken("The NextToken has expired. Start the list again without it.") : null;
        return isExpired ? null : parts[2..];
    }
}

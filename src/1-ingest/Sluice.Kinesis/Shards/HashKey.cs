using System.Globalization;
using System.Security.Cryptography;
using System.Buffers.Binary;

namespace Sluice.Kinesis.Shards;

/// <summary>The hash key of a record: the MD5 of its partition key's UTF-8 as a number, or the one it names itself.</summary>
internal static class HashKey
{
    public static UInt128 Of(ReadOnlySpan<byte> partitionKey)
    {
        Span<byte> hash = stackalloc byte[MD5.HashSizeInBytes];
        // MD5 is what the Kinesis API prescribes here; nothing secret depends on it.
#pragma warning disable CA5351
        MD5.HashData(partitionKey, hash);
#pragma warning restore CA5351
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    /// <summary>Reads the decimal digits of an explicit hash key, 0 to 2^128 - 1, without leading zeros.</summary>
    public static bool TryParse(ReadOnlySpan<byte> digits, out UInt128 hashKey)
    {
        hashKey = 0;
        if (digits.Length is < 1 or > 39 || (digits.Length > 1 && digits[0] == '0')) return false;
        return UInt128.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out hashKey);
    }
}

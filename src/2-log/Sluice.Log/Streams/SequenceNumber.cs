using System.Text;

namespace Sluice.Log;

/// <summary>
/// The sequence number of a Kinesis record: 56 decimal digits that sort as numbers, derived from the shard and the record's offset.
/// </summary>
/// <remarks>
/// A number of 186 bits laid out as AWS does: 2 bits version (2), 36 bits epoch of the shard, 64 bits position, 40 bits zero,
/// 4 bits zero, 32 bits shard number, 4 bits version (2); the positions of version and shard number are those that the Kinesis
/// Client Library reads. The epoch of a child is above its parents', so its numbers are.
/// </remarks>
/// <param name="Epoch">Seconds, of <see cref="Shard.Epoch"/>.</param>
/// <param name="Shard">Number of the shard.</param>
/// <param name="Position">0 stands before the first record; the record at offset n has n + 1.</param>
public readonly record struct SequenceNumber(long Epoch, int Shard, long Position) : IComparable<SequenceNumber>
{
    /// <summary>Digits of every sequence number.</summary>
    public const int Digits = 56;

    private const ulong Version = 2;
    private const ulong TenTo19 = 10_000_000_000_000_000_000;
    private const int EpochShift = 20;
    private const int PositionShift = 20;
    private const int ShardShift = 4;
    private const ulong EpochMax = (1UL << 36) - 1;

    /// <summary>The offset of the record that has this number; -1 for the number before the first record.</summary>
    public long Offset => Position - 1;

    public static SequenceNumber OfRecord(long epoch, int shard, long offset) => new(epoch, shard, offset + 1);

    /// <summary>Reads 56 digits; false when they are no number of this form.</summary>
    public static bool TryParse(ReadOnlySpan<byte> digits, out SequenceNumber number)
    {
        number = default;
        if (digits.Length != Digits) return false;
        ulong high = 0, middle = 0, low = 0;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9') return false;
            var carry = MultiplyAdd(ref low, (ulong)(digit - '0'));
            carry = MultiplyAdd(ref middle, carry);
            MultiplyAdd(ref high, carry);
        }

        // high: 2 bits version, 36 bits epoch, 20 bits position; middle: 44 bits position, 20 bits zero; low: zero, shard, version.
        if (high >> 56 != Version || (low & 0xf) != Version || (middle & 0xf_ffff) != 0 || low >> 36 != 0) return false;
        var shard = (uint)(low >> ShardShift);
        var position = (high & 0xf_ffff) << 44 | middle >> 20;
        if (shard > int.MaxValue || position > long.MaxValue) return false;
        number = new SequenceNumber((long)(high >> EpochShift & EpochMax), (int)shard, (long)position);
        return true;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{byte}, out SequenceNumber)"/>
    public static bool TryParse(string digits, out SequenceNumber number)
    {
        Span<byte> bytes = stackalloc byte[Digits];
        number = default;
        return digits.Length == Digits && Encoding.UTF8.TryGetBytes(digits, bytes, out var written) && TryParse(bytes[..written], out number);
    }

    /// <summary>Writes the 56 digits; the span has room for them.</summary>
    public void Format(Span<byte> digits)
    {
        var high = Version << 56 | ((ulong)Epoch & EpochMax) << EpochShift | (ulong)Position >> 44;
        var middle = (ulong)Position << PositionShift;
        var low = (ulong)Shard << ShardShift | Version;
        var last = DivideByTenTo19(ref high, ref middle, ref low);
        var before = DivideByTenTo19(ref high, ref middle, ref low);
        Write(digits[37..Digits], last);
        Write(digits[18..37], before);
        Write(digits[..18], low);
    }

    public int CompareTo(SequenceNumber other)
    {
        var byEpoch = Epoch.CompareTo(other.Epoch);
        if (byEpoch != 0) return byEpoch;
        var byPosition = Position.CompareTo(other.Position);
        return byPosition != 0 ? byPosition : Shard.CompareTo(other.Shard);
    }

    public static bool operator <(SequenceNumber left, SequenceNumber right) => left.CompareTo(right) < 0;

    public static bool operator >(SequenceNumber left, SequenceNumber right) => left.CompareTo(right) > 0;

    public static bool operator <=(SequenceNumber left, SequenceNumber right) => left.CompareTo(right) <= 0;

    public static bool operator >=(SequenceNumber left, SequenceNumber right) => left.CompareTo(right) >= 0;

    /// <summary>The 56 digits.</summary>
    public override string ToString()
    {
        Span<byte> digits = stackalloc byte[Digits];
        Format(digits);
        return Encoding.ASCII.GetString(digits);
    }

    private static ulong MultiplyAdd(ref ulong limb, ulong carry)
    {
        var product = (UInt128)limb * 10 + carry;
        limb = (ulong)product;
        return (ulong)(product >> 64);
    }

    /// <summary>Divides the 192 bits in place; returns the remainder.</summary>
    private static ulong DivideByTenTo19(ref ulong high, ref ulong middle, ref ulong low)
    {
        var remainder = DivideLimb(ref high, 0);
        remainder = DivideLimb(ref middle, remainder);
        return DivideLimb(ref low, remainder);
    }

    private static ulong DivideLimb(ref ulong limb, ulong remainder)
    {
        var dividend = new UInt128(remainder, limb);
        var quotient = (ulong)(dividend / TenTo19);
        remainder = (ulong)(dividend - (UInt128)quotient * TenTo19);
        limb = quotient;
        return remainder;
    }

    private static void Write(Span<byte> digits, ulong value)
    {
        for (var i = digits.Length - 1; i >= 0; i--, value /= 10) digits[i] = (byte)('0' + value % 10);
    }
}

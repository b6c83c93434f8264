using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sluice.Gateway.Admission;

/// <summary>
/// Request ids in the shapes of API Gateway: a UUID, and 16 characters of base64. They are a counter mixed with a secret of the
/// process: unique within it, not to be guessed by counting, and far cheaper than asking the system for random bytes.
/// </summary>
internal sealed class RequestIds
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private readonly ulong _first = RandomUInt64();
    private readonly ulong _second = RandomUInt64();
    private ulong _counter;

    public (string RequestId, string ExtendedId) Next()
    {
        var step = Golden * Interlocked.Increment(ref _counter);
        var ids = (A: Mix(_first + step), B: Mix(_second ^ step));
        return (string.Create(36, ids, WriteUuid), string.Create(16, ids, WriteExtended));
    }

    private static void WriteUuid(Span<char> text, (ulong A, ulong B) ids)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, ids.A);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], ids.B);
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        new Guid(bytes, bigEndian: true).TryFormat(text, out _);
    }

    private static void WriteExtended(Span<char> text, (ulong A, ulong B) ids)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, ids.B);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], ids.A);
        Convert.TryToBase64Chars(bytes[..11], text, out _);
        text.Replace('+', '-');
        text.Replace('/', '_');
    }

    /// <summary>The finalizer of SplitMix64: every bit of the input reaches every bit of the result, one to one.</summary>
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    private static ulong RandomUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));
}

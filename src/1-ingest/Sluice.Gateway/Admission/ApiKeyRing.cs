using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Sluice.Gateway.Config;

namespace Sluice.Gateway.Admission;

/// <summary>A key that may call: its id, its stages and its bucket.</summary>
internal sealed record ApiKey(string Id, IReadOnlySet<string> Stages, TokenBucket? Bucket)
{
    public bool Opens(string stage) => Stages.Count == 0 || Stages.Contains(stage);
}

/// <summary>
/// Finds a key by its value in constant time: values are looked up by a hash that is salted per process and then compared
/// whole, so the time taken tells nothing about a value, and no value stays in memory.
/// </summary>
internal sealed class ApiKeyRing
{
    private const int SaltBytes = 16;

    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(SaltBytes);
    private readonly FrozenDictionary<long, Entry> _byHashPrefix;

    public ApiKeyRing(IReadOnlyDictionary<string, ApiKeyConfig> keys, TimeProvider time)
    {
        _byHashPrefix = keys
            .Where(key => key.Value.Enabled)
            .Select(key => new Entry(HashOf(key.Value.Value), KeyOf(key.Key, key.Value, time)))
            .ToFrozenDictionary(entry => PrefixOf(entry.Hash));
    }

    public ApiKey? Find(string? value)
    {
        if (value is null || value.Length is < GatewayLimits.ApiKeyCharsMin or > GatewayLimits.ApiKeyCharsMax) return null;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(value, hash);
        if (!_byHashPrefix.TryGetValue(PrefixOf(hash), out var entry)) return null;
        return CryptographicOperations.FixedTimeEquals(hash, entry.Hash) ? entry.Key : null;
    }

    private static ApiKey KeyOf(string id, ApiKeyConfig config, TimeProvider time) => new(
        id,
        config.Stages.ToFrozenSet(StringComparer.Ordinal),
        config.Throttle is { } throttle ? new TokenBucket(throttle, time) : null);

    private static long PrefixOf(ReadOnlySpan<byte> hash) => MemoryMarshal.Read<long>(hash);

    private byte[] HashOf(string value)
    {
        var hash = new byte[SHA256.HashSizeInBytes];
        Hash(value, hash);
        return hash;
    }

    private void Hash(string value, Span<byte> hash)
    {
        Span<byte> salted = stackalloc byte[SaltBytes + Encoding.UTF8.GetMaxByteCount(GatewayLimits.ApiKeyCharsMax)];
        _salt.CopyTo(salted);
        var length = Encoding.UTF8.GetBytes(value, salted[SaltBytes..]);
        SHA256.HashData(salted[..(SaltBytes + length)], hash);
    }

    private sealed record Entry(byte[] Hash, ApiKey Key);
}

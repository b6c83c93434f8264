using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Sluice.SigV4;

/// <summary>
/// Derived signing keys: four HMACs lead from a secret to the key of one day, region and service, and every request of that day
/// uses the same one.
/// </summary>
internal sealed class SigningKeys
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Entry>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public SigningKeys() => _lookup = _entries.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The 32 bytes of the key.</summary>
    /// <param name="credentials">Whose secret it derives from; a changed secret is derived anew.</param>
    /// <param name="credential">Access key, date, region, service and terminator, as requests spell it.</param>
    public ReadOnlySpan<byte> Get(Credentials credentials, ReadOnlySpan<char> credential)
    {
        if (_lookup.TryGetValue(credential, out var entry) && (object)entry.Secret == credentials.Secret) return entry.Key;
        var scope = CredentialScope.Parse(credential) ?? throw new ArgumentException("The credential has no scope.", nameof(credential));
        var key = Derive(credentials.Secret, scope.Date(credential), scope.Region(credential), scope.Service(credential));
        // Old days pile up one entry a day; starting over costs one derivation for each key still in use.
        if (_entries.Count >= SigV4Limits.DerivedKeysMax) _entries.Clear();
        _lookup[credential] = new Entry(credentials.Secret, key);
        return key;
    }

    public static byte[] Derive(string secret, ReadOnlySpan<char> date, ReadOnlySpan<char> region, ReadOnlySpan<char> service)
    {
        var key = Encoding.UTF8.GetBytes("AWS4" + secret);
        key = Step(key, date);
        key = Step(key, region);
        key = Step(key, service);
        return HMACSHA256.HashData(key, "aws4_request"u8);
    }

    private static byte[] Step(byte[] key, ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[Encoding.UTF8.GetMaxByteCount(SigV4Limits.CredentialCharactersMax)];
        return HMACSHA256.HashData(key, bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
    }

    private sealed record Entry(string Secret, byte[] Key)
    {
        public override string ToString() => nameof(Entry);
    }
}

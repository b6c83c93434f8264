using System.Security.Cryptography;
using System.Text;

namespace Sluice.KafkaWire;

/// <summary>How far a connection has come with its authentication (SASL/PLAIN, RFC 4616). Used by one request at a time.</summary>
internal sealed class SaslSession(IReadOnlyDictionary<string, string> users)
{
    public const string Mechanism = "PLAIN";

    /// <summary>Whether everything may be asked.</summary>
    public bool IsAuthenticated { get; private set; } = users.Count == 0;

    /// <summary>A handshake chose the mechanism; the authentication comes next.</summary>
    public bool IsHandshaken { get; set; }

    /// <summary>Checks <c>authzid NUL user NUL password</c>; acting for somebody else is not possible.</summary>
    public bool Authenticate(ReadOnlySpan<byte> message)
    {
        var parts = Encoding.UTF8.GetString(message).Split('\0');
        if (parts.Length != 3 || (parts[0].Length > 0 && parts[0] != parts[1])) return false;
        var isKnown = users.TryGetValue(parts[1], out var password);
        // An unknown user costs the same comparison, so the time tells nothing.
        var matches = CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(password ?? ""), Encoding.UTF8.GetBytes(parts[2]));
        IsAuthenticated = isKnown && matches;
        return IsAuthenticated;
    }
}

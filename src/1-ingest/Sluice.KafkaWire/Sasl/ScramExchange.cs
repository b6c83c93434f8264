using System.Security.Cryptography;
using System.Text;

namespace Sluice.KafkaWire.Sasl;

/// <summary>
/// The server's side of one SCRAM exchange (RFC 5802, section 5): two messages come, two go. Text in, text out; used once.
/// </summary>
/// <remarks>Channel binding is not offered, and acting for somebody else is not possible.</remarks>
internal sealed class ScramExchange(ScramMechanism mechanism, Func<string, ScramMechanism, ScramCredential?> find)
{
    private const int NonceBytes = 18;

    /// <summary>Keys the salts of users who are not there: the same user has the same salt while the process lives.</summary>
    private static readonly byte[] s_unknownUserKey = RandomNumberGenerator.GetBytes(32);

    private ScramCredential? _credential;
    private bool _isKnown;
    private string _gs2Header = "";
    private string _nonce = "";
    private string _messages = "";

    /// <summary>The user that the client names; empty before its first message.</summary>
    public string User { get; private set; } = "";

    /// <summary>Answers the client's first message; null when it is not one.</summary>
    public string? Begin(string message)
    {
        // n,,n=user,r=nonce: the header says "no channel binding" (n, or y when the client could), then whom to act for.
        var fields = message.Split(',');
        if (fields.Length < 4 || fields[0] is not ("n" or "y")) return null;
        if (fields[2] is not ['n', '=', .. var name] || UserOf(name) is not { Length: > 0 } user) return null;
        if (fields[3] is not ['r', '=', .. { Length: > 0 } clientNonce]) return null;
        if (fields[1].Length > 0 && fields[1] != "a=" + name) return null;
        User = user;
        _gs2Header = $"{fields[0]},{fields[1]},";
        _nonce = clientNonce + Convert.ToBase64String(RandomNumberGenerator.GetBytes(NonceBytes));
        _credential = find(user, mechanism);
        _isKnown = _credential is not null;
        _credential ??= OfUnknownUser(user);
        var answer = $"r={_nonce},s={Convert.ToBase64String(_credential.Salt)},i={_credential.Iterations}";
        _messages = $"{message[_gs2Header.Length..]},{answer}";
        return answer;
    }

    /// <summary>Answers the client's last message; null when it does not prove the password.</summary>
    public string? End(string message)
    {
        if (_credential is not { } credential) return null;
        var proofAt = message.LastIndexOf(",p=", StringComparison.Ordinal);
        if (proofAt < 0) return null;
        var withoutProof = message[..proofAt];
        var binding = $"c={Convert.ToBase64String(Encoding.UTF8.GetBytes(_gs2Header))},r={_nonce}";
        if (withoutProof != binding && !withoutProof.StartsWith(binding + ",", StringComparison.Ordinal)) return null;
        var proof = new byte[ScramMechanisms.SizeOf(mechanism)];
        if (!Convert.TryFromBase64String(message[(proofAt + 3)..], proof, out var written) || written != proof.Length) return null;
        var authMessage = Encoding.UTF8.GetBytes($"{_messages},{withoutProof}");
        // A user who is not there takes as long as one with a wrong password, and learns as little.
        return credential.Proves(authMessage, proof) && _isKnown ? $"v={Convert.ToBase64String(credential.ServerSignature(authMessage))}" : null;
    }

    /// <summary>The name with its escapes undone; null when they are wrong.</summary>
    private static string? UserOf(string escaped)
    {
        var name = escaped.Replace("=2C", ",", StringComparison.Ordinal).Replace("=3D", "\0", StringComparison.Ordinal);
        return name.Contains('=', StringComparison.Ordinal) ? null : name.Replace('\0', '=');
    }

    private ScramCredential OfUnknownUser(string user)
    {
        var salt = HMACSHA256.HashData(s_unknownUserKey, Encoding.UTF8.GetBytes(user))[..16];
        var key = new byte[ScramMechanisms.SizeOf(mechanism)];
        return new ScramCredential(mechanism, salt, ScramMechanisms.IterationsMin, key, key);
    }
}

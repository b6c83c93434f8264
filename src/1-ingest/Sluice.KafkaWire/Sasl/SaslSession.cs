using System.Text;

namespace Sluice.KafkaWire.Sasl;

/// <summary>
/// How far a connection has come with its authentication: PLAIN (RFC 4616) or SCRAM (RFC 5802). Used by one request at a time.
/// </summary>
internal sealed class SaslSession(SaslUsers users)
{
    public const string Plain = "PLAIN";
    private string? _mechanism;
    private ScramExchange? _scram;
    private bool _scramHasBegun;

    /// <summary>The mechanisms offered.</summary>
    public static IReadOnlyList<string> Mechanisms { get; } =
        [Plain, ScramMechanisms.NameOf(ScramMechanism.Sha256), ScramMechanisms.NameOf(ScramMechanism.Sha512)];

    /// <summary>Whether everything may be asked.</summary>
    public bool IsAuthenticated { get; private set; } = !users.AreRequired;

    /// <summary>The user was not accepted: the connection ends after the answer that says so.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>A handshake chose the mechanism, and the exchange is not over.</summary>
    public bool IsHandshaken => _mechanism is not null;

    /// <summary>Begins an exchange; false when the mechanism is not offered. A connection may do it again (KIP-368).</summary>
    public bool Handshake(string mechanism)
    {
        if (!Mechanisms.Contains(mechanism, StringComparer.Ordinal)) return false;
        _mechanism = mechanism;
        _scram = ScramMechanisms.Find(mechanism) is { } scram ? new ScramExchange(scram, users.Find) : null;
        _scramHasBegun = false;
        return true;
    }

    /// <summary>The server's answer to a message of the exchange; null when it failed, which ends the connection.</summary>
    public byte[]? Answer(ReadOnlySpan<byte> message)
    {
        var text = Encoding.UTF8.GetString(message);
        var answer = _scram is not null ? AnswerScram(_scram, text) : IsPlain(text) ? "" : null;
        HasFailed = answer is null;
        if (HasFailed) IsAuthenticated = false;
        return answer is null ? null : Encoding.UTF8.GetBytes(answer);
    }

    /// <summary>Checks <c>authzid NUL user NUL password</c>; acting for somebody else is not possible.</summary>
    private bool IsPlain(string message)
    {
        var parts = message.Split('\0');
        // Everybody is let in where there are no users.
        if (users.AreRequired)
        {
            if (parts.Length != 3 || (parts[0].Length > 0 && parts[0] != parts[1]) || !users.HasPassword(parts[1], parts[2])) return false;
        }

        IsAuthenticated = true;
        _mechanism = null;
        return true;
    }

    private string? AnswerScram(ScramExchange exchange, string message)
    {
        if (!_scramHasBegun)
        {
            _scramHasBegun = true;
            return exchange.Begin(message);
        }

        var answer = exchange.End(message);
        if (answer is null) return null;
        IsAuthenticated = true;
        _mechanism = null;
        _scram = null;
        return answer;
    }
}

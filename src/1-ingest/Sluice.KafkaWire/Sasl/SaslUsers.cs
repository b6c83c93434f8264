using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sluice.Log;

namespace Sluice.KafkaWire.Sasl;

/// <summary>
/// Who may log in: the users of the settings, with PLAIN and both kinds of SCRAM, and those that clients gave SCRAM credentials to, which
/// are kept in the log's metadata.
/// </summary>
internal sealed class SaslUsers
{
    /// <summary>Users with stored credentials: 10,000, so that whoever may store them cannot fill the memory that holds them all.</summary>
    public const int StoredUsersMax = 10_000;

    private const string SettingPrefix = "kafka.scram.";
    private readonly EmbeddedLog _log;
    private readonly IReadOnlyDictionary<string, string> _passwords;
    private readonly ConcurrentDictionary<(string User, ScramMechanism Mechanism), ScramCredential> _ofPasswords = new();
    private readonly ConcurrentDictionary<string, ScramCredential[]> _stored = new(StringComparer.Ordinal);
    private readonly Lock _changing = new();

    /// <exception cref="IOException">The metadata cannot be read.</exception>
    public SaslUsers(EmbeddedLog log, IReadOnlyDictionary<string, string> passwords)
    {
        _log = log;
        _passwords = passwords;
        foreach (var (name, value) in log.AccountSettings(SettingPrefix))
            _stored[name[SettingPrefix.Length..]] = JsonSerializer.Deserialize(value, SaslJson.Default.ScramCredentialArray)!;
    }

    /// <summary>Whether a connection has to authenticate: when the settings name a user.</summary>
    public bool AreRequired => _passwords.Count > 0;

    /// <summary>All that have SCRAM credentials, in ordinal order.</summary>
    public IReadOnlyList<string> WithScram => [.. _passwords.Keys.Union(_stored.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    public bool IsOfSettings(string user) => _passwords.ContainsKey(user);

    /// <summary>Compares a password in a time that tells nothing of it, or of whether there is such a user.</summary>
    public bool HasPassword(string user, string password)
    {
        var isKnown = _passwords.TryGetValue(user, out var known);
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(known ?? ""), Encoding.UTF8.GetBytes(password)) && isKnown;
    }

    public ScramCredential? Find(string user, ScramMechanism mechanism)
    {
        if (_passwords.TryGetValue(user, out var password))
            return _ofPasswords.GetOrAdd((user, mechanism), static (key, text) => ScramCredential.OfPassword(key.Mechanism, text), password);
        return _stored.GetValueOrDefault(user)?.FirstOrDefault(c => c.Mechanism == mechanism);
    }

    /// <summary>What is stored for a user, or stands for it in the settings, by mechanism.</summary>
    public IReadOnlyList<(ScramMechanism Mechanism, int Iterations)> Describe(string user) =>
        IsOfSettings(user)
            ? [(ScramMechanism.Sha256, ScramMechanisms.IterationsMin), (ScramMechanism.Sha512, ScramMechanisms.IterationsMin)]
            : [.. (_stored.GetValueOrDefault(user) ?? []).Select(c => (c.Mechanism, c.Iterations))];

    /// <summary>Replaces a user's stored credentials, durably; the function gets those there are. False when there would be too many users.</summary>
    /// <exception cref="IOException">The metadata could not be changed.</exception>
    public bool Change(string user, Func<ScramCredential[], ScramCredential[]> change)
    {
        lock (_changing)
        {
            var isKnown = _stored.TryGetValue(user, out var old);
            var changed = change(old ?? []);
            if (!isKnown && changed.Length > 0 && _stored.Count >= StoredUsersMax) return false;
            if (changed.Length == 0)
            {
                _log.SetAccountSetting(SettingPrefix + user, null);
                _stored.TryRemove(user, out _);
                return true;
            }

            _log.SetAccountSetting(SettingPrefix + user, JsonSerializer.Serialize(changed, SaslJson.Default.ScramCredentialArray));
            _stored[user] = changed;
            return true;
        }
    }
}

using System.Security.Cryptography;
using System.Text;

namespace Sluice.KafkaWire.Sasl;

/// <summary>
/// What the server keeps of a password (RFC 5802, section 3): enough to check a client and to prove itself to it, not enough to log in
/// elsewhere.
/// </summary>
internal sealed record ScramCredential(ScramMechanism Mechanism, byte[] Salt, int Iterations, byte[] StoredKey, byte[] ServerKey)
{
    private const int SaltBytes = 16;

    /// <summary>The credential of a password, with a salt of its own.</summary>
    public static ScramCredential OfPassword(ScramMechanism mechanism, string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var salted = Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(password), salt, ScramMechanisms.IterationsMin, ScramMechanisms.HashOf(mechanism), ScramMechanisms.SizeOf(mechanism));
        return OfSaltedPassword(mechanism, salt, ScramMechanisms.IterationsMin, salted);
    }

    /// <summary>The credential of a password that was salted already.</summary>
    public static ScramCredential OfSaltedPassword(ScramMechanism mechanism, byte[] salt, int iterations, byte[] saltedPassword)
    {
        var hash = ScramMechanisms.HashOf(mechanism);
        var clientKey = CryptographicOperations.HmacData(hash, saltedPassword, "Client Key"u8);
        var storedKey = CryptographicOperations.HashData(hash, clientKey);
        return new ScramCredential(mechanism, salt, iterations, storedKey, CryptographicOperations.HmacData(hash, saltedPassword, "Server Key"u8));
    }

    /// <summary>Whether the client's proof over the messages exchanged was made with the password.</summary>
    public bool Proves(ReadOnlySpan<byte> authMessage, ReadOnlySpan<byte> proof)
    {
        if (proof.Length != StoredKey.Length) return false;
        var hash = ScramMechanisms.HashOf(Mechanism);
        var clientKey = CryptographicOperations.HmacData(hash, StoredKey, authMessage);
        for (var i = 0; i < clientKey.Length; i++) clientKey[i] ^= proof[i];
        return CryptographicOperations.FixedTimeEquals(CryptographicOperations.HashData(hash, clientKey), StoredKey);
    }

    /// <summary>What shows the client that the server has its credential.</summary>
    public byte[] ServerSignature(ReadOnlySpan<byte> authMessage) =>
        CryptographicOperations.HmacData(ScramMechanisms.HashOf(Mechanism), ServerKey, authMessage);
}

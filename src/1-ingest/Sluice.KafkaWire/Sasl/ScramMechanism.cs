using System.Security.Cryptography;

namespace Sluice.KafkaWire.Sasl;

/// <summary>The SCRAM mechanisms of Kafka (RFC 5802, RFC 7677); the numbers are those of the APIs that keep credentials.</summary>
internal enum ScramMechanism : sbyte
{
    Sha256 = 1,
    Sha512 = 2,
}

internal static class ScramMechanisms
{
    /// <summary>Rounds of the key derivation: at least those that RFC 7677 and Kafka ask for, at most those that Kafka takes.</summary>
    public const int IterationsMin = 4096;

    /// <inheritdoc cref="IterationsMin"/>
    public const int IterationsMax = 16_384;

    private const string Sha256Name = "SCRAM-SHA-256";
    private const string Sha512Name = "SCRAM-SHA-512";

    public static ScramMechanism? Find(string name) => name switch
    {
        Sha256Name => ScramMechanism.Sha256,
        Sha512Name => ScramMechanism.Sha512,
        _ => null,
    };

    public static string NameOf(ScramMechanism mechanism) => mechanism == ScramMechanism.Sha256 ? Sha256Name : Sha512Name;

    public static HashAlgorithmName HashOf(ScramMechanism mechanism) =>
        mechanism == ScramMechanism.Sha256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA512;

    public static int SizeOf(ScramMechanism mechanism) =>
        mechanism == ScramMechanism.Sha256 ? SHA256.HashSizeInBytes : SHA512.HashSizeInBytes;
}

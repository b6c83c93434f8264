using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sluice.KafkaWire;

namespace Sluice.Console.Settings;

/// <summary>The Kafka broker.</summary>
internal sealed class KafkaSettings
{
    private static readonly KafkaOptions s_defaults = new();

    /// <summary>Create an unknown topic when a client asks for its metadata and allows it.</summary>
    public bool AutoCreateTopics { get; set; } = s_defaults.AutoCreateTopics;

    /// <summary>Partitions of a topic whose creator leaves it to the broker.</summary>
    public int DefaultPartitions { get; set; } = s_defaults.DefaultPartitions;

    /// <summary>How long a group without members waits for more of them before its first generation; none unless told.</summary>
    public TimeSpan InitialRebalanceDelay { get; set; } = s_defaults.InitialRebalanceDelay;

    /// <summary>How long committed offsets are kept after their group has lost its last member, and after their commit; a minute or more.</summary>
    public TimeSpan OffsetsRetention { get; set; } = s_defaults.OffsetsRetention;

    /// <summary>
    /// Passwords by user name for SASL (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512); with any, every connection must authenticate.
    /// Better in a file that is not in the repository.
    /// </summary>
    public IDictionary<string, string> SaslUsers { get; set; } = new Dictionary<string, string>();

    /// <summary>PEM file of the server's certificate; with one, every connection is TLS.</summary>
    public string? TlsCertificate { get; set; }

    /// <summary>PEM file of the certificate's private key; null when the key is in the certificate's file.</summary>
    public string? TlsKey { get; set; }

    /// <exception cref="UserException">All faults.</exception>
    public KafkaOptions Options(int port)
    {
        var faults = new List<string>();
        var certificate = Certificate(faults);
        faults.AddRange(FaultsOfNumbers());
        UserException.ThrowIfAny(faults);
        return s_defaults with
        {
            Port = port, AutoCreateTopics = AutoCreateTopics, DefaultPartitions = DefaultPartitions, InitialRebalanceDelay = InitialRebalanceDelay,
            OffsetsRetention = OffsetsRetention, SaslUsers = SaslUsers.AsReadOnly(), Certificate = certificate,
        };
    }

    public IEnumerable<string> Faults()
    {
        var faults = new List<string>();
        Certificate(faults)?.Dispose();
        return faults.Concat(FaultsOfNumbers());
    }

    private IEnumerable<string> FaultsOfNumbers()
    {
        if (DefaultPartitions < 1) yield return $"kafka.default-partitions {DefaultPartitions} is too few. Write 1 or more.";
        if (InitialRebalanceDelay < TimeSpan.Zero) yield return $"kafka.initial-rebalance-delay {InitialRebalanceDelay} is negative. Write 0s, or longer, such as 3s.";
        if (OffsetsRetention < TimeSpan.FromMinutes(1)) yield return $"kafka.offsets-retention {OffsetsRetention} is too short. Write a minute or more, such as 7d.";
    }

    /// <summary>The certificate of the files; null when there is none, or a fault.</summary>
    private X509Certificate2? Certificate(List<string> faults)
    {
        if (TlsCertificate is null)
        {
            if (TlsKey is not null) faults.Add("kafka: tls-key without tls-certificate. Give both, or a tls-certificate whose file holds the key too.");
            return null;
        }

        try
        {
            return X509Certificate2.CreateFromPemFile(TlsCertificate, TlsKey);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException)
        {
            faults.Add(
                $"kafka: the certificate '{TlsCertificate}' with the key '{TlsKey ?? TlsCertificate}' cannot be read: {fault.Message} "
                + "Give PEM files as tls-certificate and tls-key.");
            return null;
        }
    }
}

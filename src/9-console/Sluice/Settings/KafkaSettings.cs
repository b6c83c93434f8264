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

    /// <summary>
    /// Passwords by user name for SASL (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512); with any, every connection must authenticate.
    /// Better in a file that is not in the repository.
    /// </summary>
    public IDictionary<string, string> SaslUsers { get; set; } = new Dictionary<string, string>();

    public KafkaOptions Options(int port) => s_defaults with
    {
        Port = port, AutoCreateTopics = AutoCreateTopics, DefaultPartitions = DefaultPartitions, SaslUsers = SaslUsers.AsReadOnly(),
    };
}

using Sluice.Log.Kafka;

namespace Sluice.Console.Settings;

/// <summary>A Kafka elsewhere that holds the topics. Without servers they are in the log of this process.</summary>
internal sealed class LogKafkaSettings
{
    /// <summary>Brokers to begin with, host:port, separated by commas.</summary>
    public string? BootstrapServers { get; set; }

    /// <summary>The AWS region of an MSK cluster that authenticates by IAM; credentials come from the AWS SDK's chain.</summary>
    public string? IamRegion { get; set; }

    /// <summary>sasl.password. From the environment (SLUICE_LOG__KAFKA__PASSWORD) or a file.</summary>
    public string? Password { get; set; }

    /// <summary>Replicas of topics that are made; -1 takes the cluster's default.</summary>
    public int ReplicationFactor { get; set; } = -1;

    /// <summary>The group id that readers name; they never join it.</summary>
    public string? ReaderGroup { get; set; }

    /// <summary>The group that shares the partitions with other processes; null: this one has them all.</summary>
    public string? GroupId { get; set; }

    /// <summary>Properties of librdkafka by name.</summary>
    [DottedNames]
    public IDictionary<string, string> Properties { get; set; } = new Dictionary<string, string>();

    /// <summary>Null without servers.</summary>
    /// <param name="shared">The directory of <see cref="SluiceSettings.Shared"/>.</param>
    /// <exception cref="UserException">All faults.</exception>
    public KafkaLogOptions? Options(string? shared)
    {
        UserException.ThrowIfAny(Faults(shared));
        if (BootstrapServers is null) return null;
        var properties = new Dictionary<string, string>(Properties, StringComparer.Ordinal);
        if (Password is not null) properties["sasl.password"] = Password;
        var options = new KafkaLogOptions
        {
            BootstrapServers = BootstrapServers, IamRegion = IamRegion, ReplicationFactor = (short)ReplicationFactor, Properties = properties,
            Group = GroupId,
        };
        return ReaderGroup is null ? options : options with { ReaderGroup = ReaderGroup };
    }

    /// <param name="shared">The directory of <see cref="SluiceSettings.Shared"/>.</param>
    public IEnumerable<string> Faults(string? shared)
    {
        if (ReplicationFactor is < -1 or 0 or > short.MaxValue)
            yield return $"log.kafka.replication-factor {ReplicationFactor} is none; write 1 or more, or -1 for the cluster's default.";
        if (BootstrapServers is null && !(IamRegion is null && Password is null && GroupId is null && Properties.Count == 0))
            yield return "log.kafka has settings and no bootstrap-servers; write the brokers' host:port there.";
        if (GroupId is null != shared is null)
        {
            yield return "log.kafka.group-id and shared go together: processes that share the partitions of a Kafka keep one set of objects and tables. "
                + "Give both or none.";
        }
    }
}

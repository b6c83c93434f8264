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
    public IDictionary<string, string> Properties { get; set; } = new Dictionary<string, string>();

    /// <summary>Null without servers.</summary>
    /// <exception cref="UserException">A number is out of range, or settings without servers.</exception>
    public KafkaLogOptions? Options()
    {
        if (ReplicationFactor is < -1 or 0 or > short.MaxValue)
            throw new UserException(ExitCode.Usage, $"log.kafka.replication-factor {ReplicationFactor} is none; write 1 or more, or -1 for the cluster's default.");
        if (BootstrapServers is null)
        {
            return IamRegion is null && Password is null && GroupId is null && Properties.Count == 0
                ? null
                : throw new UserException(ExitCode.Usage, "log.kafka has settings and no bootstrap-servers; write the brokers' host:port there.");
        }

        var properties = new Dictionary<string, string>(Properties, StringComparer.Ordinal);
        if (Password is not null) properties["sasl.password"] = Password;
        var options = new KafkaLogOptions
        {
            BootstrapServers = BootstrapServers, IamRegion = IamRegion, ReplicationFactor = (short)ReplicationFactor, Properties = properties,
            Group = GroupId,
        };
        return ReaderGroup is null ? options : options with { ReaderGroup = ReaderGroup };
    }
}

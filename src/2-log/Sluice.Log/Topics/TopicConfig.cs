using System.Globalization;

namespace Sluice.Log.Topics;

/// <summary>The Kafka topic configs that the embedded log acts on (https://kafka.apache.org/documentation/#topicconfigs).</summary>
internal sealed record TopicConfig
{
    // Kafka's other topic configs. They are stored and shown; none of them changes what a log on one machine does.
    private static readonly HashSet<string> s_withoutEffect = new(StringComparer.Ordinal)
    {
        "compression.gzip.level", "compression.lz4.level", "compression.type", "compression.zstd.level",
        "file.delete.delay.ms", "flush.messages", "flush.ms", "follower.replication.throttled.replicas", "index.interval.bytes",
        "leader.replication.throttled.replicas", "local.retention.bytes", "local.retention.ms",
        "message.downconversion.enable", "message.format.version", "message.timestamp.after.max.ms",
        "message.timestamp.before.max.ms", "message.timestamp.difference.max.ms", "min.insync.replicas", "preallocate", "remote.storage.enable", "segment.index.bytes",
        "segment.jitter.ms", "unclean.leader.election.enable",
    };

    /// <summary>segment.bytes; 1 GiB as in Kafka.</summary>
    public int SegmentBytes { get; init; } = 1 << 30;

    /// <summary>segment.ms; seven days as in Kafka.</summary>
    public long SegmentMs { get; init; } = 604_800_000;

    /// <summary>retention.ms; seven days as in Kafka, -1 keeps for ever.</summary>
    public long RetentionMs { get; init; } = 604_800_000;

    /// <summary>retention.bytes; -1, without a bound, as in Kafka.</summary>
    public long RetentionBytes { get; init; } = -1;

    /// <summary>max.message.bytes, of one batch; 1 MiB and the 12 bytes before what a batch's length counts, as in Kafka.</summary>
    public int MaxMessageBytes { get; init; } = 1_048_588;

    /// <summary>message.timestamp.type is LogAppendTime.</summary>
    public bool LogAppendTime { get; init; }

    /// <summary>cleanup.policy has delete: retention deletes.</summary>
    public bool Deletes { get; init; } = true;

    /// <summary>cleanup.policy has compact: of each key only the last record stays.</summary>
    public bool Compacts { get; init; }

    /// <summary>min.cleanable.dirty.ratio; half, as in Kafka.</summary>
    public double MinCleanableDirtyRatio { get; init; } = 0.5;

    /// <summary>min.compaction.lag.ms; none, as in Kafka.</summary>
    public long MinCompactionLagMs { get; init; }

    /// <summary>max.compaction.lag.ms; without a bound, as in Kafka.</summary>
    public long MaxCompactionLagMs { get; init; } = long.MaxValue;

    /// <summary>delete.retention.ms, of tombstones; a day, as in Kafka.</summary>
    public long DeleteRetentionMs { get; init; } = 86_400_000;

    /// <summary>The age at which the open segment is sealed: what must not wait longer for compaction has to leave it first.</summary>
    public long RollMs => Compacts ? Math.Min(SegmentMs, MaxCompactionLagMs) : SegmentMs;

    /// <summary>Reads the configs over the defaults; null, with the reason, when one is unknown or out of range.</summary>
    public static TopicConfig? TryParse(
        IReadOnlyDictionary<string, string> defaults, IReadOnlyDictionary<string, string> configs, out string reason)
    {
        var config = new TopicConfig();
        reason = "";
        foreach (var (name, value) in defaults.Concat(configs))
        {
            if (config.With(name, value) is { } changed)
            {
                config = changed;
                continue;
            }

            reason = $"the config {name}={value} is unknown, unsupported or out of range.";
            return null;
        }

        return config;
    }

    /// <summary>The configs that this log acts on, with the values in force.</summary>
    public IEnumerable<(string Name, string Value)> Effective()
    {
        yield return ("cleanup.policy", Compacts ? Deletes ? "compact,delete" : "compact" : "delete");
        yield return ("delete.retention.ms", DeleteRetentionMs.ToString(CultureInfo.InvariantCulture));
        yield return ("max.compaction.lag.ms", MaxCompactionLagMs.ToString(CultureInfo.InvariantCulture));
        yield return ("max.message.bytes", MaxMessageBytes.ToString(CultureInfo.InvariantCulture));
        yield return ("message.timestamp.type", LogAppendTime ? "LogAppendTime" : "CreateTime");
        yield return ("min.cleanable.dirty.ratio", MinCleanableDirtyRatio.ToString(CultureInfo.InvariantCulture));
        yield return ("min.compaction.lag.ms", MinCompactionLagMs.ToString(CultureInfo.InvariantCulture));
        yield return ("retention.bytes", RetentionBytes.ToString(CultureInfo.InvariantCulture));
        yield return ("retention.ms", RetentionMs.ToString(CultureInfo.InvariantCulture));
        yield return ("segment.bytes", SegmentBytes.ToString(CultureInfo.InvariantCulture));
        yield return ("segment.ms", SegmentMs.ToString(CultureInfo.InvariantCulture));
    }

    private TopicConfig? With(string name, string value) => name switch
    {
        "segment.bytes" => Number(value, 14, int.MaxValue) is { } n ? this with { SegmentBytes = (int)n } : null,
        "segment.ms" => Number(value, 1, long.MaxValue) is { } n ? this with { SegmentMs = n } : null,
        "retention.ms" => Number(value, -1, long.MaxValue) is { } n ? this with { RetentionMs = n } : null,
        "retention.bytes" => Number(value, -1, long.MaxValue) is { } n ? this with { RetentionBytes = n } : null,
        "max.message.bytes" => Number(value, 0, 1 << 30) is { } n ? this with { MaxMessageBytes = (int)n } : null,
        "message.timestamp.type" => value switch
        {
            "CreateTime" => this with { LogAppendTime = false },
            "LogAppendTime" => this with { LogAppendTime = true },
            _ => null,
        },
        "cleanup.policy" => WithPolicy(value.Split(',', StringSplitOptions.TrimEntries)),
        "min.cleanable.dirty.ratio" => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var ratio) && ratio is >= 0 and <= 1
            ? this with { MinCleanableDirtyRatio = ratio }
            : null,
        "min.compaction.lag.ms" => Number(value, 0, long.MaxValue) is { } n ? this with { MinCompactionLagMs = n } : null,
        "max.compaction.lag.ms" => Number(value, 1, long.MaxValue) is { } n ? this with { MaxCompactionLagMs = n } : null,
        "delete.retention.ms" => Number(value, 0, long.MaxValue) is { } n ? this with { DeleteRetentionMs = n } : null,
        _ => s_withoutEffect.Contains(name) ? this : null,
    };

    private TopicConfig? WithPolicy(string[] policies) =>
        policies.All(p => p is "delete" or "compact")
            ? this with { Deletes = policies.Contains("delete", StringComparer.Ordinal), Compacts = policies.Contains("compact", StringComparer.Ordinal) }
            : null;

    private static long? Number(string value, long min, long max) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : null;
}

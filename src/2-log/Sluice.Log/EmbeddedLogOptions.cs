using Sluice.Log.Topics;

namespace Sluice.Log;

/// <summary>How an <see cref="EmbeddedLog"/> is kept.</summary>
public sealed record EmbeddedLogOptions
{
    /// <summary>The directory of the log; created when absent. One process at a time may have it open.</summary>
    public required string Directory { get; init; }

    /// <summary>When an append is answered; <see cref="Durability.Fsync"/> unless told.</summary>
    public Durability Durability { get; init; } = Durability.Fsync;

    /// <summary>How often unsynced bytes are synced under <see cref="Durability.Interval"/>: 1 s unless told.</summary>
    public TimeSpan SyncInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often retention and rolling by age are looked at: 5 minutes, as log.retention.check.interval.ms of Kafka.</summary>
    public TimeSpan RetentionCheckInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often compaction is looked at: 15 s, as log.cleaner.backoff.ms of Kafka.</summary>
    public TimeSpan CompactionCheckInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Kafka topic configs (retention.ms, segment.bytes, ...) of topics that do not set them themselves.</summary>
    public IReadOnlyDictionary<string, string> TopicDefaults { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public LogLimits Limits { get; init; } = new();

    /// <summary>What is wrong with <see cref="TopicDefaults"/>, in words for the user; null when they can be used.</summary>
    public string? FaultOfTopicDefaults() => TopicConfig.TryParse(TopicDefaults, new Dictionary<string, string>(), out var reason) is null ? reason : null;
}

/// <summary>When an append is answered.</summary>
public enum Durability
{
    /// <summary>After <c>fdatasync</c> of the segment; many appends share one sync.</summary>
    Fsync,

    /// <summary>After the write; synced in the background at an interval.</summary>
    Interval,

    /// <summary>After the write; the operating system decides when to sync.</summary>
    None,
}

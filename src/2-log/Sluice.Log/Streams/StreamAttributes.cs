using System.Collections.Immutable;

namespace Sluice.Log;

/// <summary>What a stream has beside its shards and records; changed as a whole, in one transaction (<see cref="EmbeddedLog.UpdateStreamAsync"/>).</summary>
public sealed record StreamAttributes
{
    /// <summary>The step of its life that it is in, or was in until <see cref="StatusUntilMs"/>.</summary>
    public StreamStatus Status { get; init; } = StreamStatus.Active;

    /// <summary>When <see cref="Status"/> ends, ms since 1970; null for a lasting one.</summary>
    public long? StatusUntilMs { get; init; }

    public StreamMode Mode { get; init; } = StreamMode.Provisioned;

    /// <summary>How long records are kept: 24 hours unless told, as in AWS. Sets the topic's retention.ms.</summary>
    public int RetentionHours { get; init; } = 24;

    /// <summary>The key of StartStreamEncryption; null for an unencrypted stream. Shown, not applied: the disk's own encryption is the host's.</summary>
    public string? EncryptionKeyId { get; init; }

    /// <summary>Names of the enhanced shard-level metrics that are on.</summary>
    public ImmutableArray<string> ShardLevelMetrics { get; init; } = [];

    /// <summary>Largest record, data and partition key, in KiB: 1,024 unless told, as in AWS.</summary>
    public int RecordKibMax { get; init; } = 1024;

    /// <summary>MiB/s asked for by UpdateStreamWarmThroughput; null when never asked.</summary>
    public int? WarmThroughputMibps { get; init; }

    public ImmutableSortedDictionary<string, string> Tags { get; init; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>The resource policy as text; null when there is none.</summary>
    public string? Policy { get; init; }

    /// <summary>Registered consumers of enhanced fan-out, in the order of their registration.</summary>
    public ImmutableArray<StreamConsumer> Consumers { get; init; } = [];

    /// <summary>Whether its deletion is over at a moment, though its records may still be on disk.</summary>
    public bool IsGoneAt(long nowMs) => Status == StreamStatus.Deleting && StatusUntilMs <= nowMs;
}

/// <summary>A registered consumer of enhanced fan-out.</summary>
public sealed record StreamConsumer(string Name, long CreatedMs)
{
    /// <summary>When it stops being CREATING, ms since 1970; null when it is ACTIVE from the start.</summary>
    public long? ActiveFromMs { get; init; }

    public ImmutableSortedDictionary<string, string> Tags { get; init; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>The resource policy as text; null when there is none.</summary>
    public string? Policy { get; init; }
}

/// <summary>A step in the life of a stream.</summary>
public enum StreamStatus
{
    Active,
    Creating,
    Updating,

    /// <summary>Gone as soon as the status ends, and deleted with its records at the next check of retention.</summary>
    Deleting,
}

/// <summary>How the capacity of a stream is chosen.</summary>
public enum StreamMode
{
    Provisioned,
    OnDemand,
}

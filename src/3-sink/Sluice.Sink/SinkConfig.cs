using System.Globalization;
using System.Text.RegularExpressions;
using Sluice.Log;
using Sluice.Objects;

namespace Sluice.Sink;

/// <summary>What a connector is told, parsed and valid. <see cref="Parse"/> reads it from Kafka Connect properties.</summary>
/// <remarks>https://docs.confluent.io/kafka-connectors/s3-sink/current/configuration_options.html</remarks>
public sealed record SinkConfig
{
    public required string Name { get; init; }

    public required TopicSelection Topics { get; init; }

    public required string Bucket { get; init; }

    /// <summary>Records per object; an object with fewer is written only when a time or a flush ends it.</summary>
    public required int FlushSize { get; init; }

    /// <summary>How many objects are written at the same time; each writer holds about <see cref="PartBytes"/> in memory.</summary>
    public int TasksMax { get; init; } = 1;

    /// <summary>Folder of all keys; empty for none.</summary>
    public string TopicsDir { get; init; } = "topics";

    public string DirectoryDelim { get; init; } = "/";

    public string FileDelim { get; init; } = "+";

    public int OffsetPadWidth { get; init; } = SinkLimits.OffsetPadWidth;

    /// <summary>
    /// A record this much younger than the first of its object begins the next object; null: never. Checked when a record arrives.
    /// Confluent ignores this with the DefaultPartitioner; here it holds, by the records' own timestamps.
    /// </summary>
    public TimeSpan? RotateInterval { get; init; }

    /// <summary>Objects end at wall-clock times, this far apart counted from local midnight; null: never.</summary>
    public TimeSpan? RotateScheduleInterval { get; init; }

    /// <summary>The zone whose midnight <see cref="RotateScheduleInterval"/> counts from.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>A partition without a new record for this long has its open object written; null: never.</summary>
    public TimeSpan? IdleFlush { get; init; } = SinkLimits.IdleFlush;

    public int PartBytes { get; init; } = SinkLimits.PartBytes;

    public NullValues NullValues { get; init; } = NullValues.Write;

    public MalformedValues MalformedValues { get; init; } = MalformedValues.Land;

    /// <summary>Where malformed values go with <see cref="MalformedValues.DeadLetter"/>.</summary>
    public string? DeadLetterTopic { get; init; }

    /// <summary>The first wait after a failure; it doubles up to <see cref="SinkLimits.RetryBackoffMax"/>.</summary>
    public TimeSpan RetryBackoff { get; init; } = SinkLimits.RetryBackoff;

    /// <summary>The consumer group whose committed offsets are the sink's progress, named as Kafka Connect names it.</summary>
    public string Group { get => field ?? $"connect-{Name}"; init; }

    /// <summary>Reads Kafka Connect properties; all faults are reported, and unknown properties are warnings.</summary>
    public static SinkConfigParse Parse(IReadOnlyDictionary<string, string> properties) => SinkProperties.Parse(properties);

    /// <summary>The key of the object that begins with a record, as the S3 sink's DefaultPartitioner and JsonFormat name it.</summary>
    public ObjectKey KeyOf(TopicPartition partition, long firstOffset) => KeyIn(TopicsDir, partition, firstOffset);

    /// <summary>The key of the offsets (<see cref="LandedOffsets"/>) of the object that accounts for the offsets from this one on.</summary>
    public ObjectKey OffsetsKeyOf(TopicPartition partition, long from) => KeyIn(LandedOffsets.FolderOf(TopicsDir), partition, from);

    private ObjectKey KeyIn(string folder, TopicPartition partition, long startOffset)
    {
        var number = partition.Partition.ToString(CultureInfo.InvariantCulture);
        var offset = startOffset.ToString(CultureInfo.InvariantCulture).PadLeft(OffsetPadWidth, '0');
        var file = string.Join(FileDelim, partition.Topic, number, offset) + ".json";
        var path = string.Join(DirectoryDelim, partition.Topic, $"partition={number}", file);
        return new ObjectKey(folder.Length == 0 ? path : folder + DirectoryDelim + path);
    }
}

/// <summary>Outcome of <see cref="SinkConfig.Parse"/>: a configuration when there is no fault.</summary>
public sealed record SinkConfigParse(SinkConfig? Config, IReadOnlyList<string> Faults, IReadOnlyList<string> Warnings);

/// <summary>The topics of a connector: a list of names, or a pattern that a whole name must match.</summary>
public sealed class TopicSelection
{
    /// <summary>A pattern this slow on one topic name is a fault of the pattern.</summary>
    private static readonly TimeSpan s_matchTime = TimeSpan.FromSeconds(1);

    private readonly HashSet<string> _names;
    private readonly Regex? _pattern;

    private TopicSelection(HashSet<string> names, Regex? pattern)
    {
        _names = names;
        _pattern = pattern;
    }

    public static TopicSelection Named(params IEnumerable<string> names) => new([.. names], null);

    /// <exception cref="ArgumentException">The pattern is no regular expression.</exception>
    public static TopicSelection Matching(string pattern) =>
        new([], new Regex($"^(?:{pattern})$", RegexOptions.CultureInvariant, s_matchTime));

    /// <summary>Whether the topic is sunk. A pattern never takes Kafka's internal topics (<c>__...</c>).</summary>
    public bool Takes(string topic) =>
        _pattern is null ? _names.Contains(topic) : !topic.StartsWith("__", StringComparison.Ordinal) && _pattern.IsMatch(topic);
}

/// <summary>What becomes of a record whose value is null (<c>behavior.on.null.values</c>).</summary>
public enum NullValues
{
    /// <summary>
    /// A line with the JSON text <c>null</c>. (Confluent writes tombstones to a partition of their own.)
    /// </summary>
    Write,

    /// <summary>No line, and the record does not count in <c>flush.size</c>.</summary>
    Ignore,

    /// <summary>The partition stops with an error.</summary>
    Fail,
}

/// <summary>What becomes of a record whose value is not one JSON text (<c>behavior.on.malformed</c>).</summary>
public enum MalformedValues
{
    /// <summary>A line that is no JSON and from which the value can be told: see <see cref="MalformedLine"/>.</summary>
    Land,

    /// <summary>The partition stops with an error.</summary>
    Fail,

    /// <summary>The record is copied to the dead letter topic, at least once, and has no line.</summary>
    DeadLetter,

    /// <summary>The record is counted and has no line.</summary>
    Drop,
}

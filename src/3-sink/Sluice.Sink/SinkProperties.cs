using System.Globalization;
using System.Text.RegularExpressions;
using Sluice.Log;

namespace Sluice.Sink;

/// <summary>Reads the properties of one connector, collecting every fault.</summary>
internal sealed class SinkProperties
{
    private const string ConnectorClass = "io.confluent.connect.s3.S3SinkConnector";
    private const string DefaultPartitioner = "io.confluent.connect.storage.partitioner.DefaultPartitioner";
    private const string JsonFormat = "io.confluent.connect.s3.format.json.JsonFormat";
    private const string JsonConverter = "org.apache.kafka.connect.json.JsonConverter";

    /// <summary>Properties that a connector of this kind commonly has and that change nothing here.</summary>
    private static readonly HashSet<string> s_withoutEffect = new(StringComparer.Ordinal)
    {
        "store.url", "storage.class", "key.converter", "key.converter.schemas.enable", "locale", "schema.generator.class",
        "partition.field.name", "partition.duration.ms", "path.format", "timestamp.extractor", "timestamp.field", "shutdown.timeout.ms",
        "enable.conditional.writes", "max.files.scan.limit", "errors.log.enable", "errors.log.include.messages",
        "errors.retry.timeout", "errors.retry.delay.max.ms", "errors.deadletterqueue.topic.replication.factor", "confluent.topic.bootstrap.servers",
        "confluent.topic.replication.factor", "confluent.license",
    };

    /// <summary>Where only one value is carried out, that value.</summary>
    private static readonly Dictionary<string, string> s_onlyValue = new(StringComparer.Ordinal)
    {
        ["connector.class"] = ConnectorClass,
        ["partitioner.class"] = DefaultPartitioner,
        ["format.class"] = JsonFormat,
        ["value.converter"] = JsonConverter,
        ["value.converter.schemas.enable"] = "false",
        ["schema.compatibility"] = "NONE",
        ["s3.compression.type"] = "none",
        ["store.kafka.keys"] = "false",
        ["store.kafka.headers"] = "false",
    };

    private readonly IReadOnlyDictionary<string, string> _properties;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];
    private readonly List<string> _warnings = [];

    private SinkProperties(IReadOnlyDictionary<string, string> properties) => _properties = properties;

    public static SinkConfigParse Parse(IReadOnlyDictionary<string, string> properties)
    {
        var reading = new SinkProperties(properties);
        var config = reading.Read();
        reading.WarnOfUnknown();
        return new SinkConfigParse(reading._faults.Count == 0 ? config : null, reading._faults, reading._warnings);
    }

    private SinkConfig Read()
    {
        CheckOnlyValues();
        var deadLetters = Text("errors.deadletterqueue.topic.name");
        var config = new SinkConfig
        {
            Name = Required("name"),
            Topics = Topics(deadLetters),
            Bucket = Required("s3.bucket.name"),
            FlushSize = Text("flush.size") is null ? (int)Missing("flush.size") : Number("flush.size", 1, 1, int.MaxValue),
            TasksMax = Number("tasks.max", 1, 1, SinkLimits.TasksMax),
            TopicsDir = Text("topics.dir") ?? "topics",
            DirectoryDelim = Text("directory.delim") ?? "/",
            FileDelim = Text("file.delim") ?? "+",
            OffsetPadWidth = Number("filename.offset.zero.pad.width", SinkLimits.OffsetPadWidth, 0, 19),
            RotateInterval = Milliseconds("rotate.interval.ms", null),
            RotateScheduleInterval = Milliseconds("rotate.schedule.interval.ms", null),
            TimeZone = Zone(),
            IdleFlush = Milliseconds("idle.flush.ms", SinkLimits.IdleFlush),
            PartBytes = Number("s3.part.size", SinkLimits.PartBytes, SinkLimits.PartBytesMin, SinkLimits.PartBytesMax),
            NullValues = Choice("behavior.on.null.values", NullValues.Write, s_nullValues),
            MalformedValues = Malformed(deadLetters),
            DeadLetterTopic = deadLetters,
            RetryBackoff = TimeSpan.FromMilliseconds(
                Number("retry.backoff.ms", (int)SinkLimits.RetryBackoff.TotalMilliseconds, 1, (int)SinkLimits.RetryBackoffMax.TotalMilliseconds)),
        };
        CheckKeys(config);
        return config;
    }

    private static readonly (string Word, NullValues Value)[] s_nullValues =
        [("write", NullValues.Write), ("ignore", NullValues.Ignore), ("fail", NullValues.Fail)];

    private TopicSelection Topics(string? deadLetters)
    {
        var (names, pattern) = (Text("topics"), Text("topics.regex"));
        if (names is null == pattern is null)
        {
            _faults.Add(names is null
                ? "topics: missing. Give topics (names, comma separated) or topics.regex."
                : "topics, topics.regex: both are given. Give one of them.");
        }

        TopicSelection? selection = null;
        if (pattern is not null)
        {
            try
            {
                selection = TopicSelection.Matching(pattern);
            }
            catch (ArgumentException e)
            {
                _faults.Add($"topics.regex: '{pattern}' is no regular expression: {e.Message}");
            }
        }

        selection ??= TopicSelection.Named((names ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        if (deadLetters is not null && selection.Takes(deadLetters))
        {
            _faults.Add($"errors.deadletterqueue.topic.name: '{deadLetters}' is also one of the connector's topics. Choose another name.");
        }

        return selection;
    }

    private MalformedValues Malformed(string? deadLetters)
    {
        var tolerance = Choice("errors.tolerance", MalformedValues.Fail, [("none", MalformedValues.Fail), ("all", MalformedValues.Drop)]);
        var asTolerated = tolerance == MalformedValues.Drop && deadLetters is not null ? MalformedValues.DeadLetter : tolerance;
        var chosen = Choice("behavior.on.malformed", MalformedValues.Land, [("land", MalformedValues.Land), ("tolerance", asTolerated)]);
        if (chosen == MalformedValues.Land && (Text("errors.tolerance") ?? deadLetters) is not null)
        {
            _warnings.Add("errors.tolerance, errors.deadletterqueue.topic.name: no effect, since values that are not JSON are landed " +
                "for cleaning to quarantine. Set behavior.on.malformed=tolerance to have them followed.");
        }

        return chosen;
    }

    private TimeZoneInfo Zone()
    {
        var zone = Text("timezone");
        if (zone is null)
        {
            if (Milliseconds("rotate.schedule.interval.ms", null) is not null)
                _faults.Add("timezone: missing. rotate.schedule.interval.ms counts from midnight there; give an IANA name such as UTC.");
            return TimeZoneInfo.Utc;
        }

        if (TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found)) return found;
        _faults.Add($"timezone: '{zone}' is not known on this machine. Give an IANA name such as Europe/London.");
        return TimeZoneInfo.Utc;
    }

    private void CheckOnlyValues()
    {
        foreach (var (name, only) in s_onlyValue)
        {
            var value = Text(name);
            if (value is not null && !string.Equals(value, only, StringComparison.OrdinalIgnoreCase))
                _faults.Add($"{name}: '{value}' is not supported. Use {only}.");
        }

        if (Text("connector.class") is null) Missing("connector.class");
        if (Text("format.class") is null) _warnings.Add($"format.class: not given, {JsonFormat} is used (Confluent's own default is Avro).");
    }

    private void CheckKeys(SinkConfig config)
    {
        try
        {
            config.KeyOf(new TopicPartition("topic", 0), 0);
        }
        catch (ArgumentException e)
        {
            _faults.Add($"topics.dir, directory.delim, file.delim: they make no valid object key. {e.Message}");
        }
    }

    private void WarnOfUnknown()
    {
        foreach (var name in _properties.Keys.Order(StringComparer.Ordinal))
        {
            var known = _read.Contains(name) || s_withoutEffect.Contains(name)
                || name.StartsWith("s3.", StringComparison.Ordinal) || name.StartsWith("aws.", StringComparison.Ordinal)
                || name.StartsWith("key.converter.", StringComparison.Ordinal) || name.StartsWith("value.converter.", StringComparison.Ordinal);
            if (!known) _warnings.Add($"{name}: unknown property, ignored.");
        }
    }

    private string Required(string name) => Text(name) ?? MissingText(name);

    private string MissingText(string name)
    {
        Missing(name);
        return "";
    }

    private long Missing(string name)
    {
        _faults.Add($"{name}: missing. It is required.");
        return 1;
    }

    private string? Text(string name)
    {
        _read.Add(name);
        return _properties.TryGetValue(name, out var value) && !(value.Length == 0 && name != "topics.dir") ? value.Trim() : null;
    }

    private int Number(string name, int fallback, int least, int most) => (int)Number(name, (long)fallback, least, most);

    private long Number(string name, long fallback, long least, long most)
    {
        var text = Text(name);
        if (text is null) return fallback;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;
        _faults.Add($"{name}: '{text}' is not a whole number from {least} to {most}.");
        return fallback;
    }

    /// <summary>A time in ms; -1 is never, as in Confluent's properties.</summary>
    private TimeSpan? Milliseconds(string name, TimeSpan? fallback)
    {
        // A day-aligned wait longer than a timer can hold (about 49 days) has no use here.
        var ms = Number(name, (long)(fallback?.TotalMilliseconds ?? -1), -1, int.MaxValue);
        if (ms == 0) _faults.Add($"{name}: 0 would make an object of nothing. Give -1 for never, or a time in ms.");
        return ms > 0 ? TimeSpan.FromMilliseconds(ms) : null;
    }

    private T Choice<T>(string name, T fallback, (string Word, T Value)[] words)
    {
        var text = Text(name);
        if (text is null) return fallback;
        foreach (var (word, value) in words)
        {
            if (string.Equals(word, text, StringComparison.OrdinalIgnoreCase)) return value;
        }

        _faults.Add($"{name}: '{text}' is not one of {string.Join(", ", words.Select(w => w.Word))}.");
        return fallback;
    }
}

using System.Globalization;
using System.Text.Json;
using Sluice.KafkaRest.Http;

namespace Sluice.KafkaRest.Consume;

/// <summary>Where a group begins that has committed nothing for a partition (auto.offset.reset).</summary>
internal enum OffsetReset
{
    Latest,
    Earliest,
    None,
}

/// <summary>What an instance is created with (https://docs.confluent.io/platform/current/kafka-rest/api.html#post--consumers-(string-group_name)).</summary>
internal sealed record ConsumerSettings(EmbeddedFormat Format, OffsetReset Reset, bool AutoCommit, int MinBytes, int? WaitMs)
{
    public const int MinBytesMax = 10_000_000;
    private const int NameCharsMax = 249;

    public static readonly string[] Fields =
    [
        "id", "name", "format", "auto.offset.reset", "auto.commit.enable", "fetch.min.bytes", "responseMinBytes",
        "consumer.request.timeout.ms", "requestWaitMs",
    ];

    /// <summary>The settings in a create request and the name wished for, or the refusal.</summary>
    public static (ConsumerSettings? Settings, string? Name, RestError? Error) Parse(JsonElement body)
    {
        var name = RequestJson.Text(body, "id") ?? RequestJson.Text(body, "name");
        if (name is not null && (name.Length is 0 or > NameCharsMax || name.Contains('/')))
            return (null, null, RestError.InvalidConsumerConfig($"a name has 1 to {NameCharsMax} characters and no slash."));

        var (format, formatError) = FormatNamed(RequestJson.Text(body, "format") ?? "binary");
        if (formatError is not null) return (null, null, formatError);
        if (ResetNamed(RequestJson.Text(body, "auto.offset.reset") ?? "latest") is not { } reset)
            return (null, null, RestError.InvalidConsumerConfig("auto.offset.reset is latest, earliest or none."));
        if (!bool.TryParse(RequestJson.Text(body, "auto.commit.enable") ?? "true", out var autoCommit))
            return (null, null, RestError.InvalidConsumerConfig("auto.commit.enable is true or false."));

        var (minBytes, minError) = Range(body, "fetch.min.bytes", "responseMinBytes", -1, MinBytesMax);
        var (waitMs, waitError) = Range(body, "consumer.request.timeout.ms", "requestWaitMs", 1, int.MaxValue);
        if ((minError ?? waitError) is { } range) return (null, null, range);
        return (new ConsumerSettings(format, reset, autoCommit, Math.Max(minBytes ?? 1, 1), waitMs), name, null);
    }

    private static (EmbeddedFormat Format, RestError? Error) FormatNamed(string name) => name.ToUpperInvariant() switch
    {
        "BINARY" => (EmbeddedFormat.Binary, null),
        "JSON" => (EmbeddedFormat.Json, null),
        "AVRO" or "JSONSCHEMA" or "PROTOBUF" => (default, RestError.NoSchemaRegistry),
        _ => (default, RestError.Unprocessable("Invalid format type.")),
    };

    private static OffsetReset? ResetNamed(string name) => name.ToUpperInvariant() switch
    {
        "LATEST" or "LARGEST" => OffsetReset.Latest,
        "EARLIEST" or "SMALLEST" => OffsetReset.Earliest,
        "NONE" => OffsetReset.None,
        _ => null,
    };

    private static (int? Value, RestError? Error) Range(JsonElement body, string name, string alias, int min, int max)
    {
        var text = RequestJson.Text(body, name) ?? RequestJson.Text(body, alias);
        if (text is null) return default;
        var fits = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max;
        return fits ? (value, null) : (null, RestError.InvalidConsumerRange($"{name} is a number from {min} to {max}."));
    }
}

using Sluice.Console.Settings;
using Sluice.Definition;
using Sluice.Sink;

namespace Sluice.Console.Node;

/// <summary>The properties of the pipeline's S3 sink connector: those of the described system, but for the size of the objects.</summary>
internal static class SinkProperties
{
    /// <summary>What names the objects. Cleaning finds them by these names; a connector without a pipeline behind it is free to name them otherwise.</summary>
    private static readonly Dictionary<string, string> s_naming = new(StringComparer.Ordinal)
    {
        ["topics.dir"] = "topics",
        ["directory.delim"] = "/",
        ["file.delim"] = "+",
        ["filename.offset.zero.pad.width"] = "10",
    };

    /// <exception cref="UserException">All faults of the properties.</exception>
    public static SinkConfig Config(SluiceSettings settings, PipelineDefinition pipeline)
    {
        var parse = Parse(settings, pipeline);
        UserException.ThrowIfAny(parse.Faults.Select(Name));
        return parse.Config!;
    }

    /// <param name="pipeline">Null when it has faults itself: the properties are looked at all the same.</param>
    public static IEnumerable<string> FaultsOf(SluiceSettings settings, PipelineDefinition? pipeline) => Parse(settings, pipeline).Faults.Select(Name);

    private static string Name(string fault) => $"sink: {fault}";

    private static SinkConfigParse Parse(SluiceSettings settings, PipelineDefinition? pipeline)
    {
        var properties = Defaults(settings, pipeline);
        foreach (var (name, value) in settings.Sink) properties[name] = value;
        var parse = SinkConfig.Parse(properties);
        string[] faults = [.. parse.Faults, .. NamingFaults(settings.Sink)];
        return faults.Length == 0 ? parse : new SinkConfigParse(null, faults, parse.Warnings);
    }

    private static IEnumerable<string> NamingFaults(IDictionary<string, string> properties) =>
        from only in s_naming
        where properties.TryGetValue(only.Key, out var value) && value.Trim() != only.Value
        select $"{only.Key}: '{properties[only.Key]}' gives objects names by which cleaning does not find them. Write {only.Value}, or leave it out.";

    private static Dictionary<string, string> Defaults(SluiceSettings settings, PipelineDefinition? pipeline) => new()
    {
        ["name"] = $"{pipeline?.Name}-s3-sink",
        ["connector.class"] = "io.confluent.connect.s3.S3SinkConnector",
        ["topics"] = pipeline is null ? "unknown" : string.Join(',', pipeline.Datasets.Select(d => d.Topic)),
        ["tasks.max"] = "3",
        // The described system writes one record per object; a thousand times fewer objects list and read a thousand times faster.
        ["flush.size"] = "10000",
        ["s3.bucket.name"] = settings.Objects.Bucket ?? $"user-{pipeline?.Id}-bucket",
        ["format.class"] = "io.confluent.connect.s3.format.json.JsonFormat",
        ["partitioner.class"] = "io.confluent.connect.storage.partitioner.DefaultPartitioner",
        ["storage.class"] = "io.confluent.connect.s3.storage.S3Storage",
        ["key.converter"] = "org.apache.kafka.connect.storage.StringConverter",
        ["value.converter"] = "org.apache.kafka.connect.json.JsonConverter",
        ["value.converter.schemas.enable"] = "false",
        ["schema.compatibility"] = "NONE",
    };
}

using Sluice.Console.Settings;
using Sluice.Definition;
using Sluice.Sink;

namespace Sluice.Console.Node;

/// <summary>The properties of the pipeline's S3 sink connector: those of the described system, but for the size of the objects.</summary>
internal static class SinkProperties
{
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
        return SinkConfig.Parse(properties);
    }

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

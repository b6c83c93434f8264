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
        var properties = Defaults(settings, pipeline);
        foreach (var (name, value) in settings.Sink) properties[name] = value;
        var parse = SinkConfig.Parse(properties);
        return parse.Config ?? throw new UserException(
            ExitCode.Usage, string.Join(Environment.NewLine, parse.Faults.Select(f => $"sink: {f}")));
    }

    private static Dictionary<string, string> Defaults(SluiceSettings settings, PipelineDefinition pipeline) => new()
    {
        ["name"] = $"{pipeline.Name}-s3-sink",
        ["connector.class"] = "io.confluent.connect.s3.S3SinkConnector",
        ["topics"] = string.Join(',', pipeline.Datasets.Select(d => d.Topic)),
        ["tasks.max"] = "3",
        // The described system writes one record per object; a thousand times fewer objects list and read a thousand times faster.
        ["flush.size"] = "10000",
        ["s3.bucket.name"] = settings.Objects.Bucket ?? $"user-{pipeline.Id}-bucket",
        ["format.class"] = "io.confluent.connect.s3.format.json.JsonFormat",
        ["partitioner.class"] = "io.confluent.connect.storage.partitioner.DefaultPartitioner",
        ["storage.class"] = "io.confluent.connect.s3.storage.S3Storage",
        ["key.converter"] = "org.apache.kafka.connect.storage.StringConverter",
        ["value.converter"] = "org.apache.kafka.connect.json.JsonConverter",
        ["value.converter.schemas.enable"] = "false",
        ["schema.compatibility"] = "NONE",
    };
}

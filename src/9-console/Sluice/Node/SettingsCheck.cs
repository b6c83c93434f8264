using Sluice.Console.Settings;
using Sluice.Definition;
using Sluice.Log;

namespace Sluice.Console.Node;

/// <summary>Every fault of the settings, and of the pipeline that they name, found without starting anything.</summary>
internal static class SettingsCheck
{
    private const int PortMax = 65_535;

    public static IEnumerable<string> FaultsOf(SluiceSettings settings) =>
    [
        .. FaultsOf(settings.Ports), .. IngestServers.FaultsOf(settings.Gateway), .. FaultsOf(settings.Log), .. settings.Log.Kafka.Faults(settings.Shared),
        .. settings.Kafka.Faults(), .. settings.KafkaRest.Faults(), .. settings.Kinesis.Faults(),
        .. settings.Stream.Faults(hasKafka: settings.Log.Kafka.BootstrapServers is not null), .. FaultsOf(settings.Sql), .. FaultsOfPipeline(settings),
    ];

    private static IEnumerable<string> FaultsOf(PortSettings ports) =>
        from port in new[] { ("gateway", ports.Gateway), ("kafka-rest", ports.KafkaRest), ("kafka", ports.Kafka), ("kinesis", ports.Kinesis) }
        where port.Item2 is < 0 or > PortMax
        select $"ports.{port.Item1} {port.Item2} is no port. Write 1 to {PortMax}, or 0 for a free one.";

    private static IEnumerable<string> FaultsOf(LogSettings log)
    {
        var options = new EmbeddedLogOptions { Directory = "", TopicDefaults = log.Topics.AsReadOnly() };
        if (options.FaultOfTopicDefaults() is { } reason) yield return $"log.topics: {reason}";
        if (log.Partitions < 1 || log.Partitions > options.Limits.PartitionsPerTopicMax)
            yield return $"log.partitions {log.Partitions} is not possible. Write 1 to {options.Limits.PartitionsPerTopicMax}.";
    }

    private static IEnumerable<string> FaultsOf(SqlSettings sql)
    {
        if (sql.Threads < 1) yield return $"sql.threads {sql.Threads} is too few. Write 1 or more.";
        if (sql.Memory.Bytes < 1) yield return "sql.memory is too little. Write a size such as 400MB.";
    }

    private static IEnumerable<string> FaultsOfPipeline(SluiceSettings settings)
    {
        var faults = new List<string>();
        PipelineDefinition? pipeline = null;
        try
        {
            pipeline = SluiceNode.ReadPipeline(settings);
            faults.AddRange(PipelineTasks.DagsOf(pipeline).SelectMany(dag => dag.Faults()));
        }
        catch (UserException fault)
        {
            faults.Add(fault.Message);
        }

        return faults.Concat(SinkProperties.FaultsOf(settings, pipeline));
    }
}

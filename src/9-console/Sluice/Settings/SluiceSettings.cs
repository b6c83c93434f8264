using Sluice.Gateway.Config;
using Sluice.Log;

namespace Sluice.Console.Settings;

/// <summary>Everything that can be set, with its default. docs/settings.md shows it as a file.</summary>
internal sealed class SluiceSettings
{
    public const string DefaultFile = "sluice.yaml";

    /// <summary>Directory that holds log, objects, tables and schedule.</summary>
    public string Data { get; set; } = "data";

    /// <summary>Directory that holds objects and tables for all processes that share the work; null: they are in <see cref="Data"/>.</summary>
    public string? Shared { get; set; }

    /// <summary>The pipeline's folder; null takes pipelines/pinterest here, else the one that ships with the program.</summary>
    public string? Pipeline { get; set; }

    public PortSettings Ports { get; set; } = new();

    public LogSettings Log { get; set; } = new();

    /// <summary>Stages, routes, API keys, throttles.</summary>
    public GatewayConfig Gateway { get; set; } = new();

    public KafkaSettings Kafka { get; set; } = new();

    public KafkaRestSettings KafkaRest { get; set; } = new();

    public KinesisSettings Kinesis { get; set; } = new();

    public StreamSettings Stream { get; set; } = new();

    public EmulatorSettings Emulator { get; set; } = new();

    public ObjectSettings Objects { get; set; } = new();

    public SqlSettings Sql { get; set; } = new();

    /// <summary>Kafka Connect properties of the S3 sink, over those of <see cref="Node.SinkProperties"/>.</summary>
    [DottedNames]
    public IDictionary<string, string> Sink { get; set; } = new Dictionary<string, string>();

    /// <summary>Folder of the pipeline.</summary>
    /// <exception cref="UserException">There is none.</exception>
    public string PipelineFolder()
    {
        const string Shipped = "pipelines/pinterest";
        string[] candidates = Pipeline is null ? [Shipped, Path.Combine(AppContext.BaseDirectory, Shipped)] : [Pipeline];
        return candidates.FirstOrDefault(Directory.Exists)
            ?? throw new UserException(ExitCode.Usage, $"There is no pipeline folder {candidates[0]}; set 'pipeline' in {DefaultFile}.");
    }
}

/// <summary>Ports on 127.0.0.1; 0 picks a free one.</summary>
internal sealed class PortSettings
{
    public int Gateway { get; set; } = 8080;

    public int KafkaRest { get; set; } = 8082;

    public int Kafka { get; set; } = 9092;

    public int Kinesis { get; set; } = 4567;
}

internal sealed class LogSettings
{
    public Durability Durability { get; set; } = Durability.Fsync;

    /// <summary>Partitions of the pipeline's topics when they are created; 1 as in the described system.</summary>
    public int Partitions { get; set; } = 1;

    /// <summary>Kafka topic configs by name, e.g. retention.ms, for topics that do not set them.</summary>
    [DottedNames]
    public IDictionary<string, string> Topics { get; set; } = new Dictionary<string, string>();

    /// <summary>The Kafka or MSK elsewhere that holds the topics, when they are not to be in this process.</summary>
    public LogKafkaSettings Kafka { get; set; } = new();
}

internal sealed class ObjectSettings
{
    /// <summary>Null takes user-{id}-bucket, as in the described system.</summary>
    public string? Bucket { get; set; }
}

internal sealed class SqlSettings
{
    /// <summary>Memory of each DuckDB instance before it spills; 400 MB leaves the demo within 600 MB.</summary>
    public ByteSize Memory { get; set; } = new(400L << 20);

    public int Threads { get; set; } = Environment.ProcessorCount;
}

internal sealed class EmulatorSettings
{
    /// <summary>Sent as x-api-key. From the environment (SLUICE_EMULATOR__API_KEY) or a file, never from the command line, which others can read.</summary>
    public string? ApiKey { get; set; }
}

using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Analysis;
using Sluice.Bytes;
using Sluice.Cleaning;
using Sluice.Cleaning.Streaming;
using Sluice.Console.Settings;
using Sluice.Definition;
using Sluice.Log;
using Sluice.Log.Kafka;
using Sluice.Log.Kinesis;
using Sluice.Objects;
using Sluice.Schedule;
using Sluice.Sink;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Console.Node;

/// <summary>Everything over one data directory, wired: the stores, and the stages that move data between them.</summary>
internal sealed class SluiceNode : IAsyncDisposable
{
    private readonly DuckDb _checkpoints;
    private readonly RunStore _runs;

    private SluiceNode(SluiceSettings settings, DataDirectory directory, PipelineDefinition pipeline, ILoggerFactory logging)
    {
        Settings = settings;
        Directory = directory;
        Pipeline = pipeline;
        Logging = logging;
        var sql = Sql = new DuckDbOptions(Path.Combine(directory.Temp, "sql"), settings.Sql.Memory.Bytes, settings.Sql.Threads);
        var log = new EmbeddedLogOptions
        {
            Directory = directory.Log, Durability = settings.Log.Durability, TopicDefaults = settings.Log.Topics.AsReadOnly(),
        };
        Log = EmbeddedLog.Open(log, OsFileSystem.Instance, Time, logging.CreateLogger<EmbeddedLog>());
        KafkaTopics = OpenKafka(settings, logging);
        Raw = OpenStore(settings, directory.Objects, settings.Objects.Bucket ?? $"user-{pipeline.Id}-bucket");
        _checkpoints = DuckDb.Open(sql);
        Tables = new TableCatalog(
            OpenStore(settings, directory.Tables), Time, _checkpoints, new TablesOptions(Path.Combine(directory.Temp, "tables")),
            logging.CreateLogger<TableCatalog>());
        Sink = new S3Sink(Topics, Raw, SinkConfigOf(settings, pipeline), Time, logging.CreateLogger<S3Sink>());
        var cleaning = new CleaningOptions(Path.Combine(directory.Temp, "clean"))
        {
            MemoryBytesMax = settings.Sql.Memory.Bytes, Threads = settings.Sql.Threads,
        };
        Cleaner = new Cleaner(pipeline, Raw, Tables, cleaning, Time, logging.CreateLogger<Cleaner>());
        Quarantine = new Quarantine(pipeline, Tables, cleaning, Time, logging.CreateLogger<Quarantine>());
        Ledger = new Ledger(pipeline, Tables, cleaning);
        Quality = new QualityResults(pipeline, Tables, cleaning);
        Streams = OpenStreams(settings, directory);
        StreamCleaner = new StreamCleaner(
            pipeline, Streams, Tables, settings.Stream.Options(cleaning), Time, logging.CreateLogger<StreamCleaner>());
        Paths = new PathComparison(pipeline, Tables, cleaning);
        Questions = new Questions(Tables, pipeline, sql, Time);
        Query = new TableQuery(Tables, sql, connection => RawStream.Register(connection, Streams));
        System.IO.Directory.CreateDirectory(directory.Schedule);
        _runs = RunStore.Open(Path.Combine(directory.Schedule, "runs.db"), $"{Environment.MachineName}/{Environment.ProcessId}");
        Dag = PipelineTasks.DagOf(pipeline);
        Maintenance = new TableMaintenance(Path.Combine(directory.Temp, "maintenance"), settings.Sql.Memory.Bytes);
        Scheduler = new Scheduler(_runs, PipelineTasks.DagsOf(pipeline), new PipelineTasks(this).ExecuteAsync, Time, logging.CreateLogger<Scheduler>());
    }

    public SluiceSettings Settings { get; }

    public DataDirectory Directory { get; }

    public PipelineDefinition Pipeline { get; }

    public ILoggerFactory Logging { get; }

    public TimeProvider Time { get; } = TimeProvider.System;

    /// <summary>The log of this process: its topics, unless they are in a Kafka elsewhere, and its Kinesis streams.</summary>
    public EmbeddedLog Log { get; }

    /// <summary>The Kafka elsewhere that holds the topics, when there is one.</summary>
    public KafkaLog? KafkaTopics { get; }

    /// <summary>Where the topics are: the log of this process, or a Kafka elsewhere.</summary>
    public ILog Topics => (ILog?)KafkaTopics ?? Log;

    /// <summary>What administers <see cref="Topics"/>.</summary>
    public ILogAdmin TopicsAdmin => (ILogAdmin?)KafkaTopics ?? Log;

    /// <summary>Where the streams are: the log of this process, a Kinesis elsewhere, or topics of the Kafka elsewhere.</summary>
    public ILog Streams { get; }

    public IObjectStore Raw { get; }

    public TableCatalog Tables { get; }

    /// <summary>Bounds of each DuckDB instance that a command opens.</summary>
    public DuckDbOptions Sql { get; }

    public S3Sink Sink { get; }

    public Cleaner Cleaner { get; }

    public StreamCleaner StreamCleaner { get; }

    public PathComparison Paths { get; }

    public Quarantine Quarantine { get; }

    public Ledger Ledger { get; }

    public QualityResults Quality { get; }

    public TableMaintenance Maintenance { get; }

    public Questions Questions { get; }

    public TableQuery Query { get; }

    public Scheduler Scheduler { get; }

    public DagSpec Dag { get; }

    /// <summary>The DAG whose calendar a day of this DAG is looked up in: its own, or for one without a schedule the daily one's.</summary>
    public DagSpec CalendarOf(string dag) => PipelineTasks.DagsOf(Pipeline).FirstOrDefault(d => d.Name == dag && d.Schedule is not null) ?? Dag;

    /// <summary>Opens the stores, and makes the pipeline's topics and streams where they are missing.</summary>
    public static async Task<SluiceNode> OpenAsync(
        SluiceSettings settings, DataDirectory directory, LogLevel level, CancellationToken cancel)
    {
        var pipeline = ReadPipeline(settings);
        var node = new SluiceNode(settings, directory, pipeline, LogLines.To(System.Console.Error, level));
        try
        {
            foreach (var dataset in pipeline.Datasets) await node.CreateMissingAsync(dataset, cancel);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    private async Task CreateMissingAsync(Dataset dataset, CancellationToken cancel)
    {
        await CreateMissingAsync(dataset.Topic, Settings.Log.Partitions, cancel);
        if (Streams == Log && Log.FindStream(dataset.Stream) is null)
            await Log.CreateStreamAsync(new StreamSpec(dataset.Stream, Settings.Stream.Shards, new StreamAttributes()), cancel);
        if (Streams == KafkaTopics) await CreateMissingAsync(dataset.Stream, Settings.Stream.Shards, cancel);
    }

    private async Task CreateMissingAsync(string topic, int partitions, CancellationToken cancel)
    {
        if (await Topics.FindTopicAsync(topic, cancel) is not null) return;
        try
        {
            await Topics.CreateTopicAsync(new TopicSpec(topic, partitions, new Dictionary<string, string>()), cancel);
        }
        catch (TopicExistsException)
        {
            // Another process on the same Kafka made it between the two calls.
        }
    }

    /// <summary>
    /// The progress of the sink belongs to the objects of this data directory. In a Kafka that others sink from too, the group is therefore named
    /// for it as well: by the id that its log has; or, where processes share the work, by their group.
    /// </summary>
    private SinkConfig SinkConfigOf(SluiceSettings settings, PipelineDefinition pipeline)
    {
        var config = SinkProperties.Config(settings, pipeline);
        return KafkaTopics is null ? config : config with { Group = $"{config.Group}-{settings.Log.Kafka.GroupId ?? Log.ClusterId}" };
    }

    /// <summary>A store in the data directory, which is this process's; or at the same place of the shared one, beside others.</summary>
    private static LocalObjectStore OpenStore(SluiceSettings settings, string folder, string bucket = "")
    {
        if (settings.Shared is not { } shared) return LocalObjectStore.Open(Path.Combine(folder, bucket));
        return LocalObjectStore.OpenBeside(Path.Combine(Path.GetFullPath(shared), Path.GetFileName(folder), bucket));
    }

    /// <summary>What is wrong with the properties of a Kafka elsewhere, which only its clients know; they are made and closed again.</summary>
    public static async ValueTask<string?> KafkaFaultAsync(SluiceSettings settings)
    {
        if (settings.Log.Kafka.Faults(settings.Shared).Any() || settings.Log.Kafka.Options(settings.Shared) is not { } options) return null;
        try
        {
            await using var log = KafkaLog.Open(options with { Group = null }, TimeProvider.System, NullLogger.Instance);
            return null;
        }
        catch (KafkaLogException fault)
        {
            return $"log.kafka: {fault.Message}";
        }
    }

    /// <exception cref="UserException">The settings or properties cannot be used.</exception>
    private KafkaLog? OpenKafka(SluiceSettings settings, ILoggerFactory logging)
    {
        if (settings.Log.Kafka.Options(settings.Shared) is not { } options) return null;
        try
        {
            return KafkaLog.Open(options, Time, logging.CreateLogger<KafkaLog>());
        }
        catch (KafkaLogException fault)
        {
            throw new UserException(ExitCode.Usage, $"log.kafka: {fault.Message}");
        }
    }

    /// <exception cref="UserException">The settings cannot be used.</exception>
    private ILog OpenStreams(SluiceSettings settings, DataDirectory directory)
    {
        var endpoint = settings.Stream.EndpointAddress(hasKafka: KafkaTopics is not null);
        if (settings.Stream.Kafka) return KafkaTopics!;
        if (settings.Stream is { Region: null, Endpoint: null }) return Log;
        var defaults = new KinesisLogOptions { PositionsFile = Path.Combine(directory.Log, "kinesis.db") };
        return KinesisLog.Open(defaults with { Region = settings.Stream.Region ?? defaults.Region, Endpoint = endpoint }, Time);
    }

    /// <summary>The pipeline of the settings.</summary>
    /// <exception cref="UserException">All its faults.</exception>
    public static PipelineDefinition ReadPipeline(SluiceSettings settings)
    {
        var parse = PipelineFile.Read(settings.PipelineFolder());
        return parse.Definition ?? throw new UserException(ExitCode.Usage, string.Join(Environment.NewLine, parse.Faults));
    }

    /// <summary>The newest runs of the schedule, newest first.</summary>
    public IReadOnlyList<DagRun> Runs(int limit) => RunHistory.Read(Path.Combine(Directory.Schedule, "runs.db"), null, limit);

    public async ValueTask DisposeAsync()
    {
        await StreamCleaner.DisposeAsync();
        Sink.Dispose();
        Maintenance.Dispose();
        _runs.Dispose();
        _checkpoints.Dispose();
        if (Streams != Topics && Streams != Log) await Streams.DisposeAsync();
        if (KafkaTopics is not null) await KafkaTopics.DisposeAsync();
        await Log.DisposeAsync();
        Logging.Dispose();
    }
}

using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Bytes;
using Sluice.KafkaWire;
using Sluice.Log;
using Sluice.Testing;

namespace Sluice.Conformance.KafkaWire;

/// <summary>A broker on a free loopback port over a log in a private directory; it can be ended and started again on both.</summary>
internal sealed class BrokerBed : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private KafkaOptions _options;
    private KafkaBroker _broker = null!;

    private BrokerBed(KafkaOptions options) => _options = options;

    public EmbeddedLog Log { get; private set; } = null!;

    public int Port => _broker.Port;

    public string Bootstrap => $"127.0.0.1:{Port}";

    public static async Task<BrokerBed> StartAsync(KafkaOptions? options = null)
    {
        var bed = new BrokerBed((options ?? new KafkaOptions()) with { Port = 0 });
        await bed.OpenAsync();
        bed._options = bed._options with { Port = bed.Port };
        return bed;
    }

    public async Task RestartAsync()
    {
        await CloseAsync();
        await OpenAsync();
    }

    public async Task<BrokerBed> WithTopicAsync(string topic, int partitions = 1)
    {
        await Log.CreateTopicAsync(new TopicSpec(topic, partitions, new Dictionary<string, string>()), default);
        return this;
    }

    public Task<RawKafka> ConnectAsync() => RawKafka.ConnectAsync(Port);

    public IProducer<string, string> Producer(Action<ProducerConfig>? configure = null)
    {
        var config = new ProducerConfig { BootstrapServers = Bootstrap, LingerMs = 5 };
        configure?.Invoke(config);
        return new ProducerBuilder<string, string>(config).SetLogHandler((_, _) => { }).Build();
    }

    public IConsumer<string, string> Consumer(string group, Action<ConsumerConfig>? configure = null)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = Bootstrap,
            GroupId = group,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnableAutoCommit = false,
            EnablePartitionEof = true,
        };
        configure?.Invoke(config);
        return new ConsumerBuilder<string, string>(config).SetLogHandler((_, _) => { }).Build();
    }

    public IAdminClient Admin() =>
        new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Bootstrap }).SetLogHandler((_, _) => { }).Build();

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _folder.Dispose();
    }

    private async Task OpenAsync()
    {
        Log = EmbeddedLog.Open(new EmbeddedLogOptions { Directory = _folder.At("log") }, OsFileSystem.Instance, TimeProvider.System, NullLogger.Instance);
        _broker = new KafkaBroker(Log, _options, TimeProvider.System, NullLogger.Instance);
        await _broker.StartAsync(default);
    }

    private async Task CloseAsync()
    {
        await _broker.DisposeAsync();
        await Log.DisposeAsync();
    }
}

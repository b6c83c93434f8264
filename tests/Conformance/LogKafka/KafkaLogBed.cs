using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Bytes;
using Sluice.KafkaWire;
using Sluice.Log;
using Sluice.Log.Kafka;
using Sluice.Testing;

namespace Sluice.Conformance.LogKafka;

/// <summary>A broker of ours on loopback over a log in a private folder, and Kafka logs that reach it over TCP.</summary>
internal sealed class KafkaLogBed : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private KafkaOptions _options;
    private KafkaBroker? _broker;

    private KafkaLogBed(KafkaOptions options) => _options = options;

    /// <summary>The log that the broker serves.</summary>
    public EmbeddedLog Held { get; private set; } = null!;

    public string Servers => $"127.0.0.1:{_options.Port}";

    public static async Task<KafkaLogBed> StartAsync(KafkaOptions? options = null)
    {
        var bed = new KafkaLogBed((options ?? new KafkaOptions()) with { Port = 0 });
        await bed.StartBrokerAsync();
        return bed;
    }

    /// <summary>A Kafka log over the broker.</summary>
    public KafkaLog Open(Func<KafkaLogOptions, KafkaLogOptions>? configure = null)
    {
        var options = new KafkaLogOptions { BootstrapServers = Servers };
        return KafkaLog.Open(configure?.Invoke(options) ?? options, TimeProvider.System, NullLogger.Instance);
    }

    public async Task StartBrokerAsync()
    {
        Held = EmbeddedLog.Open(
            new EmbeddedLogOptions { Directory = _folder.At("log"), Durability = Durability.None }, OsFileSystem.Instance, TimeProvider.System, NullLogger.Instance);
        _broker = new KafkaBroker(Held, _options, TimeProvider.System, NullLogger.Instance);
        await _broker.StartAsync(default);
        _options = _options with { Port = _broker.Port };
    }

    public async Task StopBrokerAsync()
    {
        if (_broker is null) return;
        await _broker.DisposeAsync();
        await Held.DisposeAsync();
        _broker = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopBrokerAsync();
        _folder.Dispose();
    }
}

using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Bytes;
using Sluice.Log;
using Sluice.Testing;

namespace Sluice.Conformance.LogKafka;

/// <summary>The embedded log.</summary>
public sealed class EmbeddedLogConformanceTests : LogConformance
{
    private readonly TemporaryFolder _folder = new();

    protected override ValueTask<ILog> OpenAsync() => new(EmbeddedLog.Open(
        new EmbeddedLogOptions { Directory = _folder.At("log"), Durability = Durability.None }, OsFileSystem.Instance, TimeProvider.System, NullLogger.Instance));

    protected override ValueTask CloseAsync()
    {
        _folder.Dispose();
        return default;
    }
}

/// <summary>The log over Kafka, the Kafka being our broker, over TCP.</summary>
public sealed class KafkaLogConformanceTests : LogConformance
{
    private KafkaLogBed? _bed;

    protected override async ValueTask<ILog> OpenAsync()
    {
        _bed = await KafkaLogBed.StartAsync();
        return _bed.Open();
    }

    protected override ValueTask CloseAsync() => _bed?.DisposeAsync() ?? default;
}

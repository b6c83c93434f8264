using System.Globalization;
using Sluice.Log;

namespace Sluice.KafkaWire;

/// <summary>Ids for idempotent producers. Blocks of them are taken from the log's metadata, so none is given twice over restarts.</summary>
internal sealed class ProducerIds(EmbeddedLog log)
{
    /// <summary>Ids taken at once: 1,000, as Kafka's controller hands them to a broker; a restart loses at most so many of 2^63.</summary>
    private const long BlockSize = 1_000;

    private const string Setting = "kafka.producer.ids.taken";
    private readonly Lock _lock = new();
    private long _next;
    private long _end;

    /// <exception cref="IOException">The metadata could not be changed.</exception>
    public long Next()
    {
        lock (_lock)
        {
            if (_next == _end) TakeBlock();
            return _next++;
        }
    }

    private void TakeBlock()
    {
        var taken = log.FindAccountSetting(Setting) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : 0;
        log.SetAccountSetting(Setting, (taken + BlockSize).ToString(CultureInfo.InvariantCulture));
        (_next, _end) = (taken, taken + BlockSize);
    }
}

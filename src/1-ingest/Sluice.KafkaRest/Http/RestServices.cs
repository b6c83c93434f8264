using Microsoft.Extensions.Logging;
using Sluice.KafkaRest.Consume;
using Sluice.KafkaRest.Produce;
using Sluice.Log;

namespace Sluice.KafkaRest.Http;

/// <summary>What the endpoints share: the log, the settings, and the pool of produce buffers.</summary>
internal sealed class RestServices(ILog log, KafkaRestOptions options, TimeProvider time, ILogger logger)
{
    private uint _keyless;

    public ILog Log => log;

    public KafkaRestOptions Options => options;

    public TimeProvider Time => time;

    public ILogger Logger => logger;

    public ProduceStatePool States { get; } = new(options);

    public RecordAppender Appender { get; } = new(log, options, time, logger);

    public ConsumerRegistry Consumers { get; } = new(log, options, time);

    /// <summary>The partition for records without a key: one after the other, request by request.</summary>
    public int NextKeyless(int partitionCount) => (int)(Interlocked.Increment(ref _keyless) % (uint)partitionCount);

    public RequestBudget Budget { get; } = new(options.RequestBytesInFlightMax);
}

using Microsoft.Extensions.Logging;
using Sluice.KafkaRest.Consume;
using Sluice.KafkaRest.Produce;
using Sluice.Log;

namespace Sluice.KafkaRest.Http;

/// <summary>What the endpoints share: the log, the settings, and the pool of produce buffers.</summary>
internal sealed class RestServices(ILog log, ILogAdmin admin, KafkaRestOptions options, TimeProvider time, ILogger logger)
{
    private uint _keyless;
    private string? _clusterId;

    public ILog Log => log;

    public ILogAdmin Admin => admin;

    public KafkaRestOptions Options => options;

    public TimeProvider Time => time;

    public ILogger Logger => logger;

    public ProduceStatePool States { get; } = new(options);

    public RecordAppender Appender { get; } = new(log, options, time, logger);

    public ConsumerRegistry Consumers { get; } = new(log, options, time);

    /// <summary>The id of the cluster once it was asked for.</summary>
    public string ClusterId => _clusterId ?? throw new InvalidOperationException("The id of the cluster is read before it was asked for.");

    /// <summary>Asks for the id of the cluster, which never changes, the first time.</summary>
    public async ValueTask<string> FindClusterIdAsync(CancellationToken cancel) =>
        _clusterId ??= (await admin.DescribeClusterAsync(cancel)).Id;

    /// <summary>The partition for records without a key: one after the other, request by request.</summary>
    public int NextKeyless(int partitionCount) => (int)(Interlocked.Increment(ref _keyless) % (uint)partitionCount);

    public RateLimits RateLimits { get; } = new(options, time);

    public RequestBudget Budget { get; } = new(options.RequestBytesInFlightMax);
}

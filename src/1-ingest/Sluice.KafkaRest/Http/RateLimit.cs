namespace Sluice.KafkaRest.Http;

/// <summary>So many permits a second, with as many of them kept for a burst as a second brings.</summary>
internal sealed class RateLimit(double permitsPerSecond, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly double _perSecond = permitsPerSecond;
    private double _permits = permitsPerSecond;
    private long _filled = time.GetTimestamp();

    /// <summary>
    /// Takes permits, at once or not at all. What costs more than a second brings is let through when the limit is full, and the
    /// debt is waited for by those after it; else it would never be let through.
    /// </summary>
    public bool TryTake(long cost)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            _permits = Math.Min(_perSecond, _permits + (time.GetElapsedTime(_filled, now).TotalSeconds * _perSecond));
            _filled = now;
            if (_permits < Math.Min(cost, _perSecond)) return false;
            _permits -= cost;
            return true;
        }
    }
}

/// <summary>The limits that are switched on.</summary>
internal sealed class RateLimits(KafkaRestOptions options, TimeProvider time)
{
    private const int DefaultCost = 1;

    private readonly RateLimit? _requests = options.RateLimitEnabled ? new(options.RateLimitPermitsPerSecond, time) : null;
    private readonly RateLimit? _records = options.ProduceRateLimitEnabled ? new(options.ProduceRequestsPerSecondMax, time) : null;
    private readonly RateLimit? _bytes = options.ProduceRateLimitEnabled ? new(options.ProduceBytesPerSecondMax, time) : null;

    /// <summary>Whether an endpoint may be asked now. Records of v3 have limits of their own.</summary>
    public bool TryRequest(RouteMethod endpoint) =>
        _requests is null
        || endpoint.Name is "api.v3.produce.produce-to-topic" or "api.v3.batch-produce.produce-to-topic"
        || _requests.TryTake(options.RateLimitCosts.GetValueOrDefault(endpoint.Name, DefaultCost));

    /// <summary>Whether a v3 record of so many bytes may be stored now; one that may not is discarded.</summary>
    public bool TryProduce(int bytes) => _records is null || (_records.TryTake(DefaultCost) && _bytes!.TryTake(bytes));
}

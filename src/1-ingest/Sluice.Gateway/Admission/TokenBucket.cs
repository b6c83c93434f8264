using Sluice.Gateway.Config;

namespace Sluice.Gateway.Admission;

/// <summary>
/// A token bucket without a lock, kept as the time at which it will be full again (the generic cell rate algorithm): a
/// request moves that time by one token and is refused when it would lie more than the burst ahead.
/// </summary>
internal sealed class TokenBucket
{
    private readonly TimeProvider _time;
    private readonly long _ticksPerToken;
    private readonly long _burstTicks;
    private long _fullAt;

    public TokenBucket(ThrottleConfig throttle, TimeProvider time)
    {
        _time = time;
        _ticksPerToken = Math.Max(1, (long)(time.TimestampFrequency / throttle.RatePerSecond));
        _burstTicks = _ticksPerToken * throttle.Burst;
        _fullAt = time.GetTimestamp();
    }

    public bool TryTake()
    {
        var now = _time.GetTimestamp();
        while (true)
        {
            var seen = Volatile.Read(ref _fullAt);
            var next = Math.Max(seen, now) + _ticksPerToken;
            if (next - now > _burstTicks) return false;
            if (Interlocked.CompareExchange(ref _fullAt, next, seen) == seen) return true;
        }
    }
}

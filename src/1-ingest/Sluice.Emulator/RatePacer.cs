namespace Sluice.Emulator;

/// <summary>
/// A token bucket that fills with <c>perSecond</c> tokens a second and holds as many as arrive within
/// <see cref="EmulatorLimits.RateSlack"/>. It keeps the moment at which the last taken token is due instead of a count, so a
/// take is one addition, and takes may be larger than the bucket.
/// </summary>
internal sealed class RatePacer
{
    private readonly TimeProvider _time;
    private readonly double _ticksPerToken;
    private readonly double _slackTicks;
    private readonly Lock _gate = new();
    private double _due;

    public RatePacer(double perSecond, TimeProvider time)
    {
        _time = time;
        _ticksPerToken = time.TimestampFrequency / perSecond;
        _slackTicks = EmulatorLimits.RateSlack.TotalSeconds * time.TimestampFrequency;
        _due = time.GetTimestamp();
    }

    /// <summary>Completes when this many tokens may be spent.</summary>
    public Task TakeAsync(int tokens, CancellationToken cancel)
    {
        double wait;
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            var from = Math.Max(_due, now - _slackTicks);
            wait = from - now;
            _due = from + (tokens * _ticksPerToken);
        }

        return wait <= 0
            ? Task.CompletedTask
            : Task.Delay(TimeSpan.FromSeconds(wait / _time.TimestampFrequency), _time, cancel);
    }
}

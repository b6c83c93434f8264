using Microsoft.Extensions.Logging;

namespace Sluice.Schedule;

/// <summary>Whether the scheduler looks at the clock.</summary>
/// <param name="Healthy">It runs, and its last look is recent.</param>
/// <param name="LastTick">When it last looked; null before its first.</param>
public readonly record struct SchedulerHealth(bool Healthy, DateTimeOffset? LastTick);

/// <summary>
/// Notices a scheduler that has stopped ticking, on a timer of its own: a schedule that stops does not announce itself. It
/// measures on the monotonic clock, so that neither a changed wall clock nor a suspended machine raises a false alarm.
/// </summary>
internal sealed class Watchdog : IDisposable
{
    private readonly TimeProvider _time;
    private readonly TimeSpan _patience;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private long _lastTick;
    private long _lastTickMs;
    private bool _alarmed;

    public Watchdog(TimeProvider time, SchedulerOptions options, ILogger logger)
    {
        _time = time;
        _patience = options.TickInterval * options.SilentTicks;
        _logger = logger;
        Tick();
        _timer = time.CreateTimer(_ => Look(), null, options.TickInterval, options.TickInterval);
    }

    public SchedulerHealth Health =>
        new(Silence <= _patience, DateTimeOffset.FromUnixTimeMilliseconds(Interlocked.Read(ref _lastTickMs)));

    private TimeSpan Silence => _time.GetElapsedTime(Interlocked.Read(ref _lastTick));

    public void Tick()
    {
        Interlocked.Exchange(ref _lastTickMs, _time.GetUtcNow().ToUnixTimeMilliseconds());
        Interlocked.Exchange(ref _lastTick, _time.GetTimestamp());
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        var silence = Silence;
        if (silence > _patience && !_alarmed)
            ScheduleLog.Silent(_logger, silence);
        else if (silence <= _patience && _alarmed)
            ScheduleLog.Recovered(_logger);
        _alarmed = silence > _patience;
    }
}

using Microsoft.Extensions.Time.Testing;

namespace Sluice.Unit.Emulator;

/// <summary>
/// A clock that says when code has begun to wait. Who reads the time and then starts a delay does two things; a clock that
/// is moved between them makes that delay end late, so a test moves it only once the delays it expects have begun.
/// </summary>
internal sealed class DelayCountingTime : FakeTimeProvider
{
    // Longer timers are time-outs of posts, and timers with a period report progress: nobody waits for either.
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _begun = new(0);
    private int _seen;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (period == Timeout.InfiniteTimeSpan && dueTime > TimeSpan.Zero && dueTime <= s_longest)
        {
            _begun.Release();
        }

        return timer;
    }

    /// <summary>Completes when this many delays have begun since the start; fails after a minute, so that a lost one does not hang the run.</summary>
    public async Task DelaysAsync(int count)
    {
        for (; _seen < count; _seen++)
        {
            (await _begun.WaitAsync(TimeSpan.FromMinutes(1))).ShouldBeTrue($"only {_seen} of {count} delays have begun");
        }
    }
}

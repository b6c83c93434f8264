namespace Sluice.KafkaWire.Groups;

/// <summary>The time in which a member has to be heard of. Every call is made with the group's lock held, which the timer takes too.</summary>
internal sealed class MemberSession : IDisposable
{
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _end;
    private bool _isDisposed;

    /// <param name="ended">Called with the lock held when the time has passed; it begins the session again or disposes of it.</param>
    public MemberSession(TimeProvider time, Lock gate, Action ended)
    {
        _time = time;
        _timer = time.CreateTimer(_ => OnTimer(gate, ended), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The member was heard of: the time begins again.</summary>
    public void Begin(TimeSpan length)
    {
        _end = _time.GetTimestamp() + (long)(length.TotalSeconds * _time.TimestampFrequency);
        _timer.Change(length, Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        _isDisposed = true;
        _timer.Dispose();
    }

    private void OnTimer(Lock gate, Action ended)
    {
        lock (gate)
        {
            // A timer that is disposed of or set again may be on its way here already.
            if (_isDisposed) return;
            var left = TimeSpan.FromSeconds((_end - _time.GetTimestamp()) / (double)_time.TimestampFrequency);
            if (left > TimeSpan.Zero) _timer.Change(left, Timeout.InfiniteTimeSpan);
            else ended();
        }
    }
}

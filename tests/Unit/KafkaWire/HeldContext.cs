namespace Sluice.Unit.KafkaWire;

/// <summary>Holds back what comes after each wait of a call, until it is released.</summary>
internal sealed class HeldContext : SynchronizationContext
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _posted = new(0);
    private readonly List<(SendOrPostCallback Work, object? State)> _held = [];
    private bool _isReleased;

    /// <summary>Begins a call, here and now, whose waits come back to this context.</summary>
    public Task<T> RunAsync<T>(Func<Task<T>> call)
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            return call();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    /// <summary>Completes when so many waits are over.</summary>
    public async Task PostedAsync(int count)
    {
        for (var n = 0; n < count; n++) (await _posted.WaitAsync(s_patience)).ShouldBeTrue("the call waits for something else");
    }

    /// <summary>From here on nothing is held back.</summary>
    public void Release()
    {
        lock (_lock) _isReleased = true;
        foreach (var (work, state) in _held) work(state);
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_lock)
        {
            if (!_isReleased)
            {
                _held.Add((d, state));
                _posted.Release();
                return;
            }
        }

        d(state);
    }
}
